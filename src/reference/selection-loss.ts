import { type Bounded, sumBound, UNIT } from './bound.js';
import type { Element } from './element.js';

export interface SelectionLossProblem {
  readonly m: number;
  /** C. */
  readonly outputs: number;
  /** σ(a_s · x_j) of the pick s. */
  readonly activations: (j: number) => number;
  /** b_s. */
  readonly weights: (c: number) => number;
  /** Y [m × C]. */
  readonly targets: Element;
  /** The picks' outputs so far [m × C]. */
  readonly totals: Element;
  /** Picks, this one included. */
  readonly count: number;
}

/** The new totals [m × C] and Σ‖total / count − y‖² in float64, with float32's error bounds. */
export function selectionLossReference(problem: SelectionLossProblem): {
  readonly totals: Bounded;
  /** One element. */
  readonly loss: Bounded;
} {
  const { m, outputs, activations, weights, targets, count } = problem;
  const totals = {
    value: new Float64Array(m * outputs),
    bound: new Float64Array(m * outputs),
  };
  let loss = 0;
  let inherited = 0;
  let magnitude = 0;
  for (let j = 0; j < m; j++) {
    for (let c = 0; c < outputs; c++) {
      const before = problem.totals(j, c);
      const added = activations(j) * weights(c);
      const total = before + added;
      const totalError = sumBound(2, Math.abs(before) + Math.abs(added), 0);
      totals.value[j * outputs + c] = total;
      totals.bound[j * outputs + c] = totalError;
      const mean = total / count;
      const error = mean - targets(j, c);
      // The total's error divided, 2.5 ulp (5 units) for the division, and the difference's rounding.
      const slack =
        (totalError / count) * (1 + 6 * UNIT) + 6 * UNIT * Math.abs(mean) + UNIT * Math.abs(error);
      loss += error * error;
      // (e + s)² − e²
      inherited += 2 * Math.abs(error) * slack + slack * slack;
      magnitude += (Math.abs(error) + slack) ** 2;
    }
  }
  return {
    totals,
    loss: {
      value: Float64Array.of(loss),
      bound: Float64Array.of(inherited + sumBound(m * outputs, magnitude)),
    },
  };
}
