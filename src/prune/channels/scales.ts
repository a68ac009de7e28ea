import { factor, solveLower, solveUpper } from './cholesky.js';
import type { Contributions } from './contributions.js';
import { RIDGE } from './statistics.js';

/**
 * One factor a kept channel by least squares: the α that minimise ‖Y − Σ_S α_s Z_s‖², with λ = 1e-6
 * of K's mean diagonal. `loss` is that minimum, λ‖α‖² included.
 */
export function refitScales(
  { channels, gram, correlation, energy }: Contributions,
  kept: ArrayLike<number>,
): { readonly scales: Float64Array; readonly loss: number } {
  const size = kept.length;
  let trace = 0;
  for (let i = 0; i < channels; i++) trace += gram[i * channels + i] as number;
  const ridge = (RIDGE * trace) / channels;
  const square = new Float64Array(size * size);
  const scales = Float64Array.from(kept, (channel) => correlation[channel] as number);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      square[i * size + j] = gram[(kept[i] as number) * channels + (kept[j] as number)] as number;
    }
    square[i * size + i] = (square[i * size + i] as number) + ridge;
  }
  factor(square, size);
  solveLower(square, size, scales, 1);
  const explained = scales.reduce((sum, value) => sum + value * value, 0);
  solveUpper(square, size, scales, 1);
  return { scales, loss: energy - explained };
}
