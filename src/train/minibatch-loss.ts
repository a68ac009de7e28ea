import type { LossKind } from '../kernels/candidate-loss.js';

/**
 * Summed loss of examples, from the residual of their step [m × C]: Σ (f − y)² / 2 from f − y, or
 * Σ −log p of the true classes from softmax(f) − y.
 */
export function minibatchLoss(
  loss: LossKind | undefined,
  residual: Float32Array,
  outputs: number,
): number {
  return loss === 'cross-entropy'
    ? crossEntropy(residual, outputs)
    : residual.reduce((sum, error) => sum + error * error, 0) / 2;
}

/**
 * Of softmax(f) − y only the true class's entry is negative: it is p − 1. A p below float32's
 * resolution counts as that resolution, so that the sum stays finite.
 */
function crossEntropy(residual: Float32Array, outputs: number): number {
  let sum = 0;
  for (let first = 0; first < residual.length; first += outputs) {
    const least = residual.subarray(first, first + outputs).reduce((a, b) => Math.min(a, b));
    sum -= Math.log(Math.max(1 + least, 2 ** -24));
  }
  return sum;
}
