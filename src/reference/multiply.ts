import { exactly, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface MultiplyProblem {
  readonly input: ArrayLike<number>;
  /** The factor of the input's number at this place. */
  readonly factor: (at: number) => number;
  /** What the product is added to. */
  readonly before?: ArrayLike<number> | undefined;
}

/** [before +] input · factor in float64, with float32's error bounds. */
export function multiplyReference({ input, factor, before }: MultiplyProblem): Bounded {
  return valuesWithBounds(
    Array.from(input, (x, at) => {
      const product = times(exactly(x), exactly(factor(at)));
      return before ? plus(exactly(before[at] ?? Number.NaN), product) : product;
    }),
  );
}
