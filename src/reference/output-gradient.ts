import type { Activation } from '../../shaders/activations.js';
import { derivative } from './activation.js';
import { type Bounded, sumBound, UNIT } from './bound.js';
import type { Element } from './element.js';

export interface OutputGradientProblem {
  readonly m: number;
  readonly n: number;
  /** C. */
  readonly outputs: number;
  /** H [m × N], values of σ. */
  readonly activations: Element;
  /** R [m × C]. */
  readonly residual: Element;
  /** B [N × C]. */
  readonly weights: Element;
  readonly activation: Activation;
}

/** The output layer's backward step in float64, with the error bounds of a float32 kernel. */
export function outputGradientReference(problem: OutputGradientProblem): {
  /** (R Bᵀ) ∘ σ′(H) [m × N]. */
  readonly hidden: Bounded;
  /** Hᵀ R [N × C], all slices of examples together. */
  readonly output: Bounded;
} {
  return { hidden: hiddenGradient(problem), output: weightGradient(problem) };
}

function hiddenGradient(problem: OutputGradientProblem): Bounded {
  const { m, n, outputs, activations, residual, weights, activation } = problem;
  const value = new Float64Array(m * n);
  const bound = new Float64Array(m * n);
  for (let j = 0; j < m; j++) {
    for (let i = 0; i < n; i++) {
      let incoming = 0;
      let magnitude = 0;
      for (let c = 0; c < outputs; c++) {
        const product = residual(j, c) * weights(i, c);
        incoming += product;
        magnitude += Math.abs(product);
      }
      const h = activations(j, i);
      const slope = derivative(activation, h);
      // 1 − h² and h (1 − h) are rounded twice, each time a number of at most 1 + h².
      const slopeError = activation === 'relu' ? 0 : 2 * UNIT * (1 + h * h);
      value[j * n + i] = incoming * slope;
      // |x̂ ŝ − x s| ≤ |x̂ − x| |ŝ| + |x| |ŝ − s|; x̂'s third extra rounding is the product's.
      bound[j * n + i] =
        sumBound(outputs, magnitude, 3) * (Math.abs(slope) + slopeError) +
        Math.abs(incoming) * slopeError;
    }
  }
  return { value, bound };
}

function weightGradient(problem: OutputGradientProblem): Bounded {
  const { m, n, outputs, activations, residual } = problem;
  const value = new Float64Array(n * outputs);
  const bound = new Float64Array(n * outputs);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < outputs; c++) {
      let sum = 0;
      let magnitude = 0;
      for (let j = 0; j < m; j++) {
        const product = activations(j, i) * residual(j, c);
        sum += product;
        magnitude += Math.abs(product);
      }
      value[i * outputs + c] = sum;
      // A sum of m products, in slices or not.
      bound[i * outputs + c] = sumBound(m, magnitude);
    }
  }
  return { value, bound };
}
