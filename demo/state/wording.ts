import { EspalierError, errorMessage } from '../../src/errors.js';
import { valueText, type Wording, worded, wordingWith } from '../../src/wording.js';
import type { Settings } from './settings.js';

/** Labels of the page's controls, by the setting that each changes. Study adds its own. */
export const LABELS = {
  task: 'Question',
  examples: 'Examples',
  data: 'Data set',
  seed: 'Seed',
  width: 'Neurons',
  activation: 'Activation',
  iterations: 'Steps',
  learningRate: 'Learning rate',
  loss: 'Error',
  batch: 'Batch',
  picks: 'Picks',
  method: 'Method',
  rule: 'Weights',
  refit: 'Refit',
  replacement: 'A neuron may be picked again',
  pruneEvery: 'Checkpoints',
  fineTune: 'Fine-tuning steps',
  sizes: 'Training examples',
  trials: 'Trials',
} as const satisfies Readonly<Record<keyof Settings | 'sizes' | 'trials', string>>;

/** The label of a setting's control, in quotes; the key where no control has it. */
function label(key: string): string {
  return `“${Object.hasOwn(LABELS, key) ? LABELS[key as keyof typeof LABELS] : key}”`;
}

const shared = wordingWith({
  key: label,
  setting: (key, value) => `${label(key)} ${valueText(value)}`,
});

const WORDING: Wording = {
  ...shared,
  diverged: (details) =>
    details.key === 'fineTuneLearningRate'
      ? // The page has no control for the rate of fine-tuning, which is a share of `learningRate`.
        `Fine-tuning diverged: ${details.what} no longer finite at iteration ${details.iteration}. Its rate follows ${label('learningRate')}: try a smaller one.`
      : shared.diverged(details),
};

/** The message of an error, with the labels of this page in place of keys. */
export function pageText(error: unknown): string {
  return error instanceof EspalierError ? worded(WORDING, error.details) : errorMessage(error);
}
