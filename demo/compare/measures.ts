import type { Comparison, DenseOutcome, Performance, RunConfig } from '../../src/index.js';
import { percent } from '../model/format.js';
import type { Kept } from '../state/address.js';

/** What is told of a network. */
export interface Measure {
  readonly key: keyof Performance;
  /** The text of the choice. */
  readonly name: string;
  /** The title of the chart. */
  readonly title: string;
  readonly about: string;
  /** Whether more is better. */
  readonly rising: boolean;
  readonly show: (value: number) => string;
}

const TEST_ACCURACY: Measure = {
  key: 'testAccuracy',
  name: 'Right answers',
  title: 'Right answers against neurons kept',
  about:
    'Higher is better: the share of new digits, which no network has learned from, named right.',
  rising: true,
  show: percent,
};

export const MEASURES: readonly Measure[] = [
  TEST_ACCURACY,
  {
    key: 'testLoss',
    name: 'Error, new digits',
    title: 'Error on new digits against neurons kept',
    about: 'Lower is better: how wrong the answers to new digits are, on a logarithmic scale.',
    rising: false,
    show: (value) => value.toFixed(3),
  },
  {
    key: 'trainingLoss',
    name: 'Error, training',
    title: 'Error in training against neurons kept',
    about:
      'Lower is better: how wrong the answers are to the digits that were learned from, on a logarithmic scale. Greedy selection goes by this.',
    rising: false,
    show: (value) => value.toFixed(3),
  },
];

/** What was done to a network once it was pruned. */
export interface Stage {
  readonly key: string;
  readonly name: string;
  readonly at: (row: Comparison) => Performance | undefined;
  /** The dense network that has had the same; undefined where there is none. */
  readonly dense: (figures: DenseOutcome) => Performance | undefined;
  readonly comesWith: (config: Pick<RunConfig, 'refit' | 'fineTune'>) => boolean;
}

const PRUNED: Stage = {
  key: 'pruned',
  name: 'As pruned',
  at: (row) => row,
  dense: ({ loss, test }) => ({
    trainingLoss: loss,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
  }),
  comesWith: () => true,
};

const STAGES: readonly Stage[] = [
  PRUNED,
  {
    key: 'refitted',
    name: 'Refitted',
    at: ({ refitted }) => refitted,
    dense: ({ refitted }) => refitted,
    comesWith: ({ refit }) => refit !== 'none',
  },
  {
    key: 'fineTuned',
    name: 'Fine-tuned',
    at: ({ fineTuned }) => fineTuned,
    dense: ({ fineTuned }) => fineTuned,
    comesWith: ({ fineTune }) => fineTune > 0,
  },
  {
    key: 'both',
    name: 'Both',
    at: ({ refittedFineTuned }) => refittedFineTuned,
    dense: ({ refittedFineTuned }) => refittedFineTuned,
    comesWith: ({ refit, fineTune }) => refit !== 'none' && fineTune > 0,
  },
];

/** The measure that the address names, else the first. */
export function measureIn(kept: Kept): Measure {
  const named = kept['compare.measure'];
  return MEASURES.find(({ key }) => key === named) ?? TEST_ACCURACY;
}

/** The stages of a comparison with these settings. */
export function stagesWith(config: Pick<RunConfig, 'refit' | 'fineTune'>): readonly Stage[] {
  return STAGES.filter(({ comesWith }) => comesWith(config));
}

/** The stage that the address names, else the last. */
export function stageIn(kept: Kept, stages: readonly Stage[]): Stage {
  const named = kept['compare.stage'];
  return stages.find(({ key }) => key === named) ?? stages.at(-1) ?? PRUNED;
}

/** The rows, the best first; those without this figure last. */
export function bestFirst(
  rows: readonly Comparison[],
  { at }: Pick<Stage, 'at'>,
  { key, rising }: Pick<Measure, 'key' | 'rising'>,
): readonly Comparison[] {
  const worth = (row: Comparison) => {
    const value = at(row)?.[key];
    if (value === undefined || Number.isNaN(value)) return Number.NEGATIVE_INFINITY;
    return rising ? value : -value;
  };
  return rows.toSorted((a, b) => {
    const [one, other] = [worth(a), worth(b)];
    return one === other ? 0 : other - one;
  });
}
