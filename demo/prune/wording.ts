import { EspalierError, errorMessage } from '../../src/errors.js';
import { valueText, worded, wordingWith } from '../../src/wording.js';

/** Labels of the tab's controls, by the setting that each changes. */
const LABELS: Readonly<Record<string, string>> = {
  architecture: 'Architecture',
  units: 'What may go',
  examples: 'the number of pictures',
  width: 'the size of the network',
};

const label = (key: string) => `“${LABELS[key] ?? key}”`;

const WORDING = wordingWith({
  key: label,
  setting: (key, value) => `${label(key)} ${valueText(value)}`,
});

/** The message of an error, in the words of this tab. */
export function pruneText(error: unknown): string {
  return error instanceof EspalierError ? worded(WORDING, error.details) : errorMessage(error);
}
