import { extent } from 'simple-statistics';
import { type Cell, type StudyConfig, studyCheckpoints } from '../../src/index.js';
import type { Measure } from './measures.js';

/** One tile of the map: a checkpoint at a dataset size. */
export interface Tile {
  readonly examples: number;
  readonly iteration: number;
  /** The measure of the subnetwork, mean over the finished trials; undefined before the first. */
  readonly value: number | undefined;
  /** How many trials are finished. */
  readonly trials: number;
}

/** Every tile of the study, by size and then iteration. */
export function mapTiles(
  config: StudyConfig,
  cells: readonly Cell[],
  { key: measured }: Pick<Measure, 'key'>,
): readonly Tile[] {
  const sums = new Map<string, { sum: number; trials: number }>();
  for (const cell of cells) {
    const key = `${cell.examples}/${cell.iteration}`;
    const { sum, trials } = sums.get(key) ?? { sum: 0, trials: 0 };
    sums.set(key, { sum: sum + cell[measured], trials: trials + 1 });
  }
  return config.sizes.flatMap((examples) =>
    studyCheckpoints(config).map((iteration) => {
      const { sum, trials } = sums.get(`${examples}/${iteration}`) ?? { sum: 0, trials: 0 };
      return { examples, iteration, value: trials > 0 ? sum / trials : undefined, trials };
    }),
  );
}

/** How many labels an axis has room for. */
const LABELS = 7;

/** The checkpoints that the axis labels: evenly spread, from the first on. */
export function namedCheckpoints(config: StudyConfig): readonly number[] {
  const checkpoints = studyCheckpoints(config);
  const every = Math.ceil(checkpoints.length / LABELS);
  return checkpoints.filter((_, at) => at % every === 0);
}

/** The worst and the best value, which get the colours at the ends. */
export type Range = readonly [worst: number, best: number];

/** The range of the tiles. On a logarithmic scale values of 0 are left out. */
export function valueRange(
  tiles: readonly Tile[],
  { rising }: Pick<Measure, 'rising'>,
): Range | undefined {
  const values = tiles.flatMap(({ value }) =>
    value !== undefined && (rising || value > 0) ? [value] : [],
  );
  if (values.length === 0) return undefined;
  const [low, high] = extent(values);
  return rising ? [low, high] : [high, low];
}

/**
 * Where a value lies between the ends: 0 is the worst, 1 the best. Shares of right answers are
 * spread evenly, losses by their logarithms.
 */
export function placeInRange(
  value: number,
  [worst, best]: Range,
  { rising }: Pick<Measure, 'rising'>,
): number {
  if (worst === best) return 0.5;
  if (rising) return (value - worst) / (best - worst);
  return Math.log(worst / Math.max(value, best)) / Math.log(worst / best);
}
