import type { Command, Option } from 'commander';
import { EspalierError, errorMessage } from '../errors.js';
import { valueText, type Wording, worded, wordingWith } from '../wording.js';

/**
 * An error's details in the flags of the command that met it. A setting that is no flag there is
 * named by its key in `--config`, as is one whose flag takes no value, such as `--no-replacement`.
 */
export function flagWording(command: Command): Wording {
  const optionForKey = (key: string) =>
    command.options.find((option) => option.attributeName() === key);
  const key = (name: string) => {
    const option = optionForKey(name);
    return option?.long && takesValue(option) ? option.long : `configuration key "${name}"`;
  };
  const setting = (name: string, value: unknown) => {
    const option = optionForKey(name);
    const given = option && flagText(option, value);
    return given ?? `configuration key "${name}" (${valueText(value)})`;
  };
  const wording = wordingWith({ key, setting });
  const sizes = ['examples', 'sizes', 'width'].filter(optionForKey).map(key);
  return {
    ...wording,
    // A study's examples have another name, and not every command has sizes.
    'out-of-memory': ({ during, reason }) =>
      `${during ? `${during}: ` : ''}the GPU is out of memory: ${reason}.${sizes.length > 0 ? ` Lower ${sizes.join(' or ')}.` : ''}`,
  };
}

/** What was thrown, in the flags of the command that it is for. */
export function messageIn(command: Command, error: unknown): string {
  return error instanceof EspalierError
    ? worded(flagWording(command), error.details)
    : errorMessage(error);
}

/** `--picks 100`, `--no-replacement`; undefined for what no flag says. */
function flagText(option: Option, value: unknown): string | undefined {
  if (takesValue(option)) return `${option.long} ${valueText(value)}`;
  return value === !option.negate ? option.long : undefined;
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}
