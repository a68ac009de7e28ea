import { type Bounded, sumBound } from './bound.js';
import type { Element } from './element.js';

export interface ResidualProblem {
  readonly m: number;
  readonly n: number;
  /** C. */
  readonly outputs: number;
  /** H [m × N]. */
  readonly activations: Element;
  /** B [N × C]. */
  readonly weights: Element;
  /** Y [m × C], the targets of these examples. */
  readonly targets: Element;
}

/** H B / N − Y [m × C] in float64, with the error bound of a float32 kernel. */
export function residualReference(problem: ResidualProblem): Bounded {
  const { m, n, outputs, activations, weights, targets } = problem;
  const value = new Float64Array(m * outputs);
  const bound = new Float64Array(m * outputs);
  for (let j = 0; j < m; j++) {
    for (let c = 0; c < outputs; c++) {
      let sum = 0;
      let magnitude = 0;
      for (let i = 0; i < n; i++) {
        const product = activations(j, i) * weights(i, c);
        sum += product;
        magnitude += Math.abs(product);
      }
      const y = targets(j, c);
      value[j * outputs + c] = sum / n - y;
      // N + 1 terms; a product is rounded itself, in N − 1 sums, by 1/N and its product, and by − y.
      bound[j * outputs + c] = sumBound(n + 1, magnitude / n + Math.abs(y));
    }
  }
  return { value, bound };
}
