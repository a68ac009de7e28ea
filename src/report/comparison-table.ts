import type { CompareSummary, Contender } from '../experiment/compare-events.js';
import type { Rows } from './tables.js';

export const NAMES: Readonly<Record<Contender, string>> = {
  greedy: 'greedy: average of the picks',
  'line-search': 'greedy: line search',
  corrective: 'greedy: least squares',
  random: 'random',
  magnitude: 'weight magnitude',
  activation: 'activation norm',
  gradient: 'gradient at a gate',
  backward: 'backward elimination',
  scratch: 'trained from scratch at this width',
};

/** The comparison as rows of text, one for each method and size. */
export function comparisonRows({ rows }: CompareSummary): Rows {
  return {
    head: ['method', 'picks', 'distinct', 'training loss', 'test loss', 'test accuracy'],
    rows: rows.map(({ method, picks, distinct, trainingLoss, testLoss, testAccuracy }) => [
      NAMES[method],
      String(picks),
      String(distinct),
      trainingLoss.toFixed(5),
      testLoss.toFixed(5),
      `${(100 * testAccuracy).toFixed(2)} %`,
    ]),
  };
}
