import { type Approx, exactly, over, plus, total, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import { type PoolProblem, windowsOfPool } from './pool.js';

export interface PoolGradientProblem extends PoolProblem {
  /** ∂L / ∂ output, in the order of its map. */
  readonly gradient: ArrayLike<number>;
  /** What is there before, where the gradient is added to it. */
  readonly before?: ArrayLike<number> | undefined;
}

/** ∂L / ∂ input in the order of its map: each window's gradient goes to its numbers. */
export function poolGradientReference(problem: PoolGradientProblem): Bounded {
  const { kind, countPads, kernel, x, gradient, before } = problem;
  const shares: Approx[][] = Array.from(x, () => []);
  windowsOfPool(problem).forEach((taps, answer) => {
    const share = exactly(gradient[answer] ?? Number.NaN);
    if (kind === 'max') {
      const values = taps.map((at) => x[at] ?? Number.NaN);
      const first = taps[values.indexOf(Math.max(...values))];
      shares[first ?? -1]?.push(share);
      return;
    }
    const part = over(share, exactly(countPads ? kernel[0] * kernel[1] : taps.length));
    for (const at of taps) shares[at]?.push(part);
  });
  return valuesWithBounds(
    shares.map((terms, at) => {
      const sum = total(terms);
      return before ? plus(exactly(before[at] ?? Number.NaN), sum) : sum;
    }),
  );
}
