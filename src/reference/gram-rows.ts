import { type Bounded, sumBound } from './bound.js';
import type { Element } from './element.js';

export interface GramRowsProblem {
  readonly m: number;
  readonly n: number;
  readonly p: number;
  /** [m × p]. */
  readonly block: Element;
  /** H [m × N]. */
  readonly activations: Element;
  /** Adds a row p: the sum of each column's squares. */
  readonly squares: boolean;
}

/** blockᵀ H [(p or p + 1) × N] in float64, with the error bound of a float32 kernel. */
export function gramRowsReference(problem: GramRowsProblem): Bounded {
  const { m, n, p, block, activations, squares } = problem;
  const rows = squares ? p + 1 : p;
  const value = new Float64Array(rows * n);
  const bound = new Float64Array(rows * n);
  for (let q = 0; q < rows; q++) {
    for (let i = 0; i < n; i++) {
      let sum = 0;
      let magnitude = 0;
      for (let j = 0; j < m; j++) {
        const h = activations(j, i);
        const product = (q < p ? block(j, q) : h) * h;
        sum += product;
        magnitude += Math.abs(product);
      }
      value[q * n + i] = sum;
      // A sum of m products, in slices or not.
      bound[q * n + i] = sumBound(m, magnitude);
    }
  }
  return { value, bound };
}
