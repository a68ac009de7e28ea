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

const WORDING: Wording = {
  ...shared,
  message: (details) =>
    details.instead && Object.hasOwn(details.instead, 'architecture')
      ? // The page has no control for it: a file that describes its network needs none.
        `${details.message} Export the network as ONNX, which describes it: torch.onnx.export(model, example, "net.onnx").`
      : shared.message(details),
};

/** The message of an error, in the words of this tab. */
export function pruneText(error: unknown): string {
  return error instanceof EspalierError ? worded(WORDING, error.details) : errorMessage(error);
}
