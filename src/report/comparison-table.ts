import type { CompareSummary, Comparison, Contender } from '../experiment/compare-events.js';
import type { Performance } from '../experiment/improve.js';
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

/** What becomes of a pruned network, by the keys of a comparison; the first is as it was pruned. */
const STAGES = [
  ['as pruned', (row: Comparison): Performance | undefined => row],
  ['refitted', ({ refitted }: Comparison) => refitted],
  ['fine-tuned', ({ fineTuned }: Comparison) => fineTuned],
  ['refitted and fine-tuned', ({ refittedFineTuned }: Comparison) => refittedFineTuned],
] as const;

/** The stages of which there are figures. */
export function stagesIn(rows: readonly Comparison[]) {
  return STAGES.filter(([, at]) => rows.some((row) => at(row)));
}

/** The comparison as rows of text, one for each method and size. */
export function comparisonRows({ rows }: CompareSummary): Rows {
  const stages = stagesIn(rows);
  return {
    head: [
      'method',
      'picks',
      'distinct',
      ...stages.flatMap(([name]) => [`${name}: training loss`, 'test accuracy']),
    ],
    rows: rows.map((row) => [
      NAMES[row.method],
      String(row.picks),
      String(row.distinct),
      ...stages.flatMap(([, at]) => {
        const performance = at(row);
        if (!performance) return ['–', '–'];
        const { trainingLoss, testAccuracy } = performance;
        return [trainingLoss.toFixed(5), `${(100 * testAccuracy).toFixed(2)} %`];
      }),
    ]),
  };
}
