import type { CompareSummary, Contender, DenseOutcome } from '../experiment/compare-events.js';
import type { Improved, Performance } from '../experiment/improve.js';
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

/** A network's figures, as it is and improved. */
type Course = Performance & Improved;

/** What becomes of a network, by the keys of a comparison; the first is as it was pruned. */
const STAGES = [
  ['as pruned', (row: Course): Performance | undefined => row],
  ['refitted', ({ refitted }: Course) => refitted],
  ['fine-tuned', ({ fineTuned }: Course) => fineTuned],
  ['refitted and fine-tuned', ({ refittedFineTuned }: Course) => refittedFineTuned],
] as const;

/** The stages of which there are figures. */
export function stagesIn(rows: readonly Course[]) {
  return STAGES.filter(([, at]) => rows.some((row) => at(row)));
}

/** The dense network's figures as those of a pruned one are. */
export function courseOfDense({ loss, test, ...improved }: DenseOutcome): Course {
  return { trainingLoss: loss, testLoss: test.loss, testAccuracy: test.accuracy, ...improved };
}

/** The comparison as rows of text, one for each method and size, and the dense network below them. */
export function comparisonRows({ rows, dense }: CompareSummary): Rows {
  const stages = stagesIn(rows);
  const figures = (course: Course) =>
    stages.flatMap(([, at]) => {
      const performance = at(course);
      if (!performance) return ['–', '–'];
      const { trainingLoss, testAccuracy } = performance;
      return [trainingLoss.toFixed(5), `${(100 * testAccuracy).toFixed(2)} %`];
    });
  return {
    head: [
      'method',
      'picks',
      'distinct',
      ...stages.flatMap(([name]) => [`${name}: training loss`, 'test accuracy']),
    ],
    rows: [
      ...rows.map((row) => [
        NAMES[row.method],
        String(row.picks),
        String(row.distinct),
        ...figures(row),
      ]),
      ['the dense network', '–', 'all', ...figures(courseOfDense(dense))],
    ],
  };
}
