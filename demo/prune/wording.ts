import { EspalierError, errorMessage } from '../../src/errors.js';
import { valueText, type Wording, worded, wordingWith } from '../../src/wording.js';

/** Labels of the tab's controls, by the setting that each changes. */
const LABELS: Readonly<Record<string, string>> = {
  units: 'What may go',
  examples: 'the number of pictures',
  width: 'the size of the network',
};

const label = (key: string) => `“${LABELS[key] ?? key}”`;

const shared = wordingWith({
  key: label,
  setting: (key, value) => `${label(key)} ${valueText(value)}`,
});

/** Ways out in place of settings for which the page has no control: a file that says it needs none. */
const EXPORTS: Readonly<Record<string, string>> = {
  architecture:
    'Export the network as ONNX, which describes it: torch.onnx.export(model, example, "net.onnx").',
  inputSize: 'Export it with a fixed height and width.',
};

const WORDING: Wording = {
  ...shared,
  message: (details) => {
    const way = Object.keys(details.instead ?? {}).find((key) => Object.hasOwn(EXPORTS, key));
    return way === undefined ? shared.message(details) : `${details.message} ${EXPORTS[way]}`;
  },
};

/** The message of an error, in the words of this tab. */
export function pruneText(error: unknown): string {
  return error instanceof EspalierError ? worded(WORDING, error.details) : errorMessage(error);
}
