import { type Approx, exactly } from './approx.js';
import { UNIT } from './bound.js';

/** Numbers of a channel: how many, their mean, and Σ (x − mean)². */
export interface Moments {
  readonly count: number;
  readonly mean: Approx;
  readonly squares: Approx;
}

/** One number's. */
export function momentsOfOne(x: number): Moments {
  return { count: 1, mean: exactly(x), squares: exactly(0) };
}

/**
 * The moments of all parts together in float64, with the error of a float32 kernel that merges
 * them in chains of at most `merges`, up to eight single numbers counting as one. With D the largest mean and u
 * the unit roundoff:
 *
 * A merge, μ + δ n_b / n, rounds its result by 2u D, and δ n_b / n, at most 2D / t in the t-th merge
 * of parts alike, by 9u of it; eight numbers' mean is rounded ten times. So each mean is off by less
 * than e = (4 merges + 60) u D, and a difference of two of them by less than ε = 2e + 4u D.
 *
 * Σ (x − μ)² = Σ S_parts + Σ w δ² of all merges, where Σ w < 2n. By Cauchy and Schwarz, errors ε
 * of the δ change Σ w δ² by at most 2ε √(2n Σ w δ²) + 2n ε². All terms are positive: adding them
 * up rounds by (2 merges + 30) u of the sum.
 */
export function mergedMoments(parts: readonly Moments[], merges: number): Moments {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const mean = parts.reduce((sum, part) => sum + part.count * part.mean.value, 0) / count;
  let squares = 0;
  let inherited = 0;
  let largest = 0;
  let meanError = 0;
  for (const part of parts) {
    squares += part.squares.value + part.count * (part.mean.value - mean) ** 2;
    inherited += part.squares.error;
    largest = Math.max(largest, Math.abs(part.mean.value) + part.mean.error);
    meanError = Math.max(meanError, part.mean.error);
  }
  const off = meanError + (4 * merges + 60) * UNIT * largest;
  const difference = 2 * off + 4 * UNIT * largest;
  return {
    count,
    mean: { value: mean, error: off },
    squares: {
      value: squares,
      error:
        inherited +
        2 * difference * Math.sqrt(2 * count * squares) +
        2 * count * difference ** 2 +
        (2 * merges + 30) * UNIT * (squares + inherited),
    },
  };
}
