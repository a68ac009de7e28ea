import { extent } from 'simple-statistics';
import { type Cell, type StudyConfig, studyCheckpoints } from '../../src/index.js';

/** One tile of the map: a checkpoint at a dataset size. */
export interface Tile {
  readonly examples: number;
  readonly iteration: number;
  /** Training loss of the subnetwork, mean over the finished trials; undefined before the first. */
  readonly loss: number | undefined;
  /** How many trials are finished. */
  readonly trials: number;
}

/** Every tile of the study, by size and then iteration. */
export function mapTiles(config: StudyConfig, cells: readonly Cell[]): readonly Tile[] {
  const sums = new Map<string, { sum: number; trials: number }>();
  for (const { examples, iteration, subnetworkLoss } of cells) {
    const key = `${examples}/${iteration}`;
    const { sum, trials } = sums.get(key) ?? { sum: 0, trials: 0 };
    sums.set(key, { sum: sum + subnetworkLoss, trials: trials + 1 });
  }
  return config.sizes.flatMap((examples) =>
    studyCheckpoints(config).map((iteration) => {
      const { sum, trials } = sums.get(`${examples}/${iteration}`) ?? { sum: 0, trials: 0 };
      return { examples, iteration, loss: trials > 0 ? sum / trials : undefined, trials };
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

/** The least and the largest loss, which get the colours at the ends. Losses of 0 are left out. */
export function lossRange(tiles: readonly Tile[]): readonly [number, number] | undefined {
  const losses = tiles.flatMap(({ loss }) => (loss !== undefined && loss > 0 ? [loss] : []));
  return losses.length > 0 ? extent(losses) : undefined;
}

/** Where a loss lies between the ends on a logarithmic scale: 0 is the largest, 1 the least. */
export function placeInRange(loss: number, [low, high]: readonly [number, number]): number {
  if (!(high > low)) return 0.5;
  return (Math.log(high) - Math.log(Math.max(loss, low))) / (Math.log(high) - Math.log(low));
}
