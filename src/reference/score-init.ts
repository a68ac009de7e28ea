import { type Bounded, sumBound } from './bound.js';
import type { Element } from './element.js';

export interface ScoreInitProblem {
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly slices: number;
  /** Neuron i of row r of slice s: rows 0 … C − 1 are part of Yᵀ H, row C of the squares' sums. */
  readonly products: (s: number, r: number, i: number) => number;
  /** B [N × C]. */
  readonly weights: Element;
}

/** ⟨φ_i, y⟩ and ‖φ_i‖² − 2⟨φ_i, y⟩ in float64, with the error bounds of a float32 kernel. */
export function scoreInitReference(problem: ScoreInitProblem): {
  readonly correlations: Bounded;
  readonly scores: Bounded;
} {
  const { n, outputs, slices, products, weights } = problem;
  const empty = () => ({ value: new Float64Array(n), bound: new Float64Array(n) });
  const [correlations, scores] = [empty(), empty()];
  for (let i = 0; i < n; i++) {
    const all = { correlation: 0, norm: 0 };
    const magnitudes = { correlation: 0, norm: 0 };
    for (let s = 0; s < slices; s++) {
      const square = products(s, outputs, i);
      for (let c = 0; c < outputs; c++) {
        const b = weights(i, c);
        all.correlation += b * products(s, c, i);
        magnitudes.correlation += Math.abs(b * products(s, c, i));
        all.norm += b * b * square;
        magnitudes.norm += Math.abs(b * b * square);
      }
    }
    correlations.value[i] = all.correlation;
    scores.value[i] = all.norm - 2 * all.correlation;
    // A product is rounded by itself and in slices − 1 and C − 1 sums; in the score b² squares are
    // rounded by one product more, and all by the difference: slices + C + 1 times at most.
    correlations.bound[i] = sumBound(slices + outputs, magnitudes.correlation);
    scores.bound[i] = sumBound(slices + outputs, magnitudes.norm + 2 * magnitudes.correlation);
  }
  return { correlations, scores };
}
