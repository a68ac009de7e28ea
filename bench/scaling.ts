import { linearRegression, linearRegressionLine, sumNthPowerDeviations } from 'simple-statistics';
import type { Shape } from './benchmark.js';
import type { BenchResult } from './report.js';

/** Time grows as size^exponent while the other sizes stay. */
export interface Exponent {
  readonly size: string;
  readonly exponent: number;
  /** Standard error of the exponent, from what the fit leaves of ln t. */
  readonly error: number;
  /** Shapes that it was fitted to. */
  readonly shapes: number;
}

/** Fewer leave nothing to judge a straight line by. */
const LEAST_SHAPES = 3;

/**
 * For each size of `base` the slope of ln t over ln size by least squares, over the results that
 * differ from `base` in that size alone, `base` included; s.e. = √(RSS / (n − 2) / Σ(x − x̄)²).
 * A size that fewer than three results tell of is left out.
 */
export function scalingExponents(
  results: readonly BenchResult[],
  base: Shape,
): readonly Exponent[] {
  return Object.keys(base).flatMap((size) => {
    const points = results.flatMap(({ shape, medianMs }) => {
      const along = Object.keys(base).every((name) => name === size || shape[name] === base[name]);
      return along && medianMs !== null ? [[Math.log(shape[size] ?? 0), Math.log(medianMs)]] : [];
    });
    if (points.length < LEAST_SHAPES) return [];
    const fit = linearRegression(points);
    const line = linearRegressionLine(fit);
    const left = points.reduce((sum, [x = 0, y = 0]) => sum + (y - line(x)) ** 2, 0);
    const spread = sumNthPowerDeviations(
      points.map(([x = 0]) => x),
      2,
    );
    const error = Math.sqrt(left / (points.length - 2) / spread);
    return [{ size, exponent: fit.m, error, shapes: points.length }];
  });
}
