import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { TASKS } from '../data/tasks.js';
import { EspalierError, errorMessage } from '../errors.js';
import { STORAGE_FORMATS } from '../half.js';
import { TUNING_MODES } from '../hosts/tuning.js';
import { parseJson } from '../json.js';
import { ACTIVATIONS } from '../models/two-layer.js';
import { REFITS } from '../prune/choices.js';
import { shellWord } from '../text.js';

export function hostOption(): Option {
  return new Option('--host <host>', 'where the GPU device comes from')
    .choices(['auto', 'node', 'chrome'])
    .default('auto');
}

export function adapterOption(): Option {
  return new Option('--adapter <kind>', 'which adapter to take')
    .choices(['auto', 'hardware', 'software'])
    .default('auto');
}

export function storageOption(): Option {
  return new Option(
    '--storage <format>',
    'of the activations that picks are chosen by: f32 is exact, f16 takes half the memory',
  ).choices(STORAGE_FORMATS);
}

/** What is trained, and on what: the flags that a run and a comparison begin with. */
export function addNetworkFlags(command: Command): Command {
  return command
    .option(
      '--data <source>',
      '"mnist", a folder with IDX files or tables (.csv), or one table; plain or .gz',
    )
    .addOption(new Option('--task <task>', 'what the labels become').choices(TASKS))
    .option('--examples <m>', 'training examples, drawn from the source', number)
    .option('--width <n>', 'neurons of the dense network', number)
    .addOption(new Option('--activation <name>', 'of the hidden layer').choices(ACTIVATIONS))
    .option('--iterations <t>', 'steps of pre-training', number)
    .option('--batch <size>', 'examples of a step, or "full"', number)
    .option('--learning-rate <rate>', 'in mean-field units: independent of the width', number)
    .option('--momentum <mu>', 'from 0 to below 1', number);
}

/** How a subnetwork is improved once it is chosen. */
export function addImprovementFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--refit <what>', 'fit one scale or all output weights by least squares').choices(
        REFITS,
      ),
    )
    .option('--fine-tune <steps>', 'steps of training the subnetwork; 0: none', number)
    .option('--fine-tune-learning-rate <rate>', 'a quarter of --learning-rate by default', number);
}

/** Where it runs, for commands whose configuration may say so: the schema has the defaults. */
export function addDeviceFlags(command: Command): Command {
  return command
    .addOption(hostOption().default(undefined))
    .addOption(adapterOption().default(undefined))
    .addOption(tuningOption().default(undefined));
}

/** What --help says of --storage. */
export const STORAGE_HELP = `--storage f16 rounds each activation to 11 significant bits, by 2^-11 of its value at most (by 2^-24
below 2^-14; from 65520 on it is refused). Arithmetic stays f32, and training and all losses and
accuracies that are reported never use the rounded ones. A pick may be another than the best
candidate where the two's losses are that close; f32 picks exactly.`;

export function tuningOption(): Option {
  return new Option(
    '--tuning <mode>',
    "kernels' tiles: measured once and kept, or fixed without measuring",
  )
    .choices(TUNING_MODES)
    .default('kept');
}

/** The flags that were given, without commander's own defaults such as that of --no-replacement. */
export function givenFlags(command: Command): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) === 'cli'),
  );
}

/** The command that flags and an argument stand for, as a shell takes it. */
export function commandText(
  words: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): string {
  const flags = Object.entries(settings).flatMap(([key, value]) => {
    if (value === true) return [flagForKey(key)];
    return value === false ? [] : [flagForKey(key), shellWord(String(value))];
  });
  return ['espalier', ...words.map(shellWord), ...flags].join(' ');
}

/** `learningRate` → `--learning-rate`. */
export function flagForKey(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Commander hands over text. A text that is no number stays one: the schema then says what is wrong
 * with it.
 */
export function number(text: string): number | string {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? text : value;
}

/** `a, b` as names. */
export function names(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

/** `1,2,3` as numbers. */
export function numbers(text: string): readonly (number | string)[] {
  return text.trim() === '' ? [] : text.split(',').map(number);
}

/** The keys that flags with `no` switch off. */
const SWITCHED_OFF: Readonly<Record<string, string>> = {
  noReplacement: 'replacement',
  noControls: 'controls',
};

/**
 * Reads a configuration; keys may be spelt as the flags are (`learning-rate`, `no-replacement`).
 * The `out` of a record that lies there is left out.
 *
 * @throws bad-config naming the file.
 */
export async function readConfig(file: string): Promise<Record<string, unknown>> {
  const fail = (why: string, cause?: unknown) =>
    new EspalierError('bad-config', `--config ${file} ${why}.`, { cause });
  let parsed: unknown;
  try {
    parsed = parseJson(await readFile(file));
  } catch (cause) {
    throw fail(`cannot be read as JSON: ${errorMessage(cause)}`, cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw fail('must hold one JSON object with the flags as keys');
  }
  const entries = Object.entries(parsed).map(([key, value]): [string, unknown] => {
    const camel = key.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const switched = SWITCHED_OFF[camel];
    return switched && typeof value === 'boolean' ? [switched, !value] : [camel, value];
  });
  const config: Record<string, unknown> = Object.fromEntries(entries);
  // This record lies in the folder that it names as `out`. A repetition must not go there again.
  if (typeof config.out === 'string' && resolve(config.out) === resolve(dirname(file))) {
    delete config.out;
  }
  return config;
}
