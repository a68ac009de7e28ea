import { type Approx, exactly, minus, over, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import { type Moments, mergedMoments } from './channel-moments.js';

export interface BatchNormStatisticsProblem {
  /** Of each channel. */
  readonly channels: readonly {
    readonly shift: number;
    /** Of each slice, the mean less the shift. */
    readonly slices: readonly Moments[];
    readonly runningMean: number;
    readonly runningVariance: number;
  }[];
  /** As float32 has it. */
  readonly momentum: number;
}

/** [mean; variance] and the running ones [2 × C] in float64, with float32's error bounds. */
export function batchNormStatisticsReference({ channels, momentum }: BatchNormStatisticsProblem): {
  readonly statistics: Bounded;
  readonly running: Bounded;
} {
  const share = exactly(momentum);
  const moved = (from: number, to: Approx) =>
    plus(times(minus(exactly(1), share), exactly(from)), times(share, to));
  const each = channels.map(({ shift, slices, runningMean, runningVariance }) => {
    const all = mergedMoments(slices, slices.length);
    const mean = plus(exactly(shift), all.mean);
    const unbiased = over(all.squares, exactly(Math.max(all.count - 1, 1)));
    return {
      mean,
      variance: over(all.squares, exactly(all.count)),
      runningMean: moved(runningMean, mean),
      runningVariance: moved(runningVariance, unbiased),
    };
  });
  return {
    statistics: valuesWithBounds([
      ...each.map(({ mean }) => mean),
      ...each.map(({ variance }) => variance),
    ]),
    running: valuesWithBounds([
      ...each.map((channel) => channel.runningMean),
      ...each.map((channel) => channel.runningVariance),
    ]),
  };
}
