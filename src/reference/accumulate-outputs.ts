import { exactly, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

export interface AccumulateOutputsProblem {
  readonly m: number;
  /** C. */
  readonly outputs: number;
  /** σ(a_s · x_j) of the pick s. */
  readonly activations: (j: number) => number;
  /** b_s. */
  readonly weights: (c: number) => number;
  /** The outputs so far [m × C]. */
  readonly totals: Element;
}

/** totals_j + b_s σ(a_s · x_j) [m × C] in float64, with the error bound of a float32 kernel. */
export function accumulateOutputsReference(problem: AccumulateOutputsProblem): Bounded {
  const { m, outputs, activations, weights, totals } = problem;
  return valuesWithBounds(
    Array.from({ length: m * outputs }, (_, at) => {
      const [j, c] = [Math.floor(at / outputs), at % outputs];
      const added = times(exactly(activations(j)), exactly(weights(c)));
      return plus(exactly(totals(j, c)), added);
    }),
  );
}
