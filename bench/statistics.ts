import { median } from '../src/gpu/timing.js';
import { randomStream } from '../src/random.js';

export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** More resamples move the ends by less than the noise of any timing. */
const RESAMPLES = 2000;
const OUTSIDE = 0.05;

/**
 * Median of the samples with its 95 % percentile-bootstrap interval: the medians of resamples,
 * drawn with replacement, lie inside it but for 2.5 % at either end (Efron, 1979). The draws are
 * seeded, so that the same samples give the same interval.
 *
 * @throws RangeError without samples.
 */
export function medianInterval(samples: readonly number[]): Interval {
  if (samples.length === 0) throw new RangeError('No samples to take the median of.');
  const stream = randomStream(0, 'bootstrap');
  const sorted = ascending(samples);
  const medians = ascending(
    Array.from({ length: RESAMPLES }, () =>
      median(ascending(sorted.map(() => sorted[stream.below(sorted.length)] as number))),
    ),
  );
  const tail = Math.floor((RESAMPLES * OUTSIDE) / 2);
  return {
    median: median(sorted),
    low: medians[tail] as number,
    high: medians[RESAMPLES - 1 - tail] as number,
  };
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
