import type { Cell } from '../../src/index.js';
import { criterionText, figure } from '../../src/report/words.js';
import type { Criterion } from '../../src/study/thresholds.js';
import { percent } from '../model/format.js';
import type { Kept } from '../state/address.js';

/** What the map and the thresholds go by. */
export interface Measure {
  readonly key: 'subnetworkTestAccuracy' | 'subnetworkLoss';
  /** The choice's text. */
  readonly name: string;
  /** `82.3%` */
  readonly show: (value: number) => string;
  /** What such a figure is of, before or behind it. */
  readonly unit: string;
  /** Whether more is better. */
  readonly rising: boolean;
  /** The choices of what counts as enough: by the trial's own course, and by a level for all. */
  readonly criteria: readonly (readonly [Criterion['name'], string])[];
  /** What counts as enough. */
  readonly enough: (criterion: Criterion) => string;
  /** The cells with what the thresholds go by in place of the loss. */
  readonly cells: (cells: readonly Cell[]) => readonly Cell[];
}

const TEST_ACCURACY: Measure = {
  key: 'subnetworkTestAccuracy',
  name: 'Right answers on new digits',
  show: percent,
  unit: 'right',
  rising: true,
  criteria: [
    ['relative', 'nearly the trial’s own most'],
    ['absolute', 'a share that every trial reaches'],
  ],
  enough: (criterion) =>
    criterion.name === 'absolute'
      ? `at least ${percent(1 - criterion.level)} right`
      : `${figure(100 * (1 - criterion.tolerance))} % of the way to the most right`,
  // The share of wrong answers is a loss like any other.
  cells: (cells) =>
    cells.map((cell) => ({ ...cell, subnetworkLoss: 1 - cell.subnetworkTestAccuracy })),
};

export const MEASURES: readonly Measure[] = [
  TEST_ACCURACY,
  {
    key: 'subnetworkLoss',
    name: 'Error in training',
    show: figure,
    unit: 'loss',
    rising: false,
    criteria: [
      ['relative', 'a loss near the trial’s own best'],
      ['absolute', 'a loss that every trial reaches'],
    ],
    enough: (criterion) => criterionText({ criterion }),
    cells: (cells) => cells,
  },
];

/** The measure that the address names, else the first. */
export function measureIn(kept: Kept): Measure {
  const named = kept['study.measure'];
  return MEASURES.find(({ key }) => key === named) ?? TEST_ACCURACY;
}
