import type { Activation } from '../../shaders/activations.js';
import { UNIT } from './bound.js';

/** σ(x) in float64. */
export function activate(activation: Activation, x: number): number {
  if (activation === 'tanh') return Math.tanh(x);
  if (activation === 'sigmoid') return 1 / (1 + Math.exp(-x));
  return Math.max(x, 0);
}

/** σ′(x) in float64, from h = σ(x). */
export function derivative(activation: Activation, h: number): number {
  if (activation === 'tanh') return 1 - h * h;
  if (activation === 'sigmoid') return h * (1 - h);
  return h > 0 ? 1 : 0;
}

/**
 * Largest error of σ evaluated in float32 at an exact x. WGSL allows exp(−y) an error of
 * (3 + 2y) ulp; with y = 2|x| and y e^−y ≤ 1/e that is at most 8 units of 1, a division adds 2.5
 * ulp and the sums one each: 16 units in all. relu is exact.
 */
export function activationError(activation: Activation): number {
  return activation === 'relu' ? 0 : 16 * UNIT;
}

/** Largest slope of σ: how much an error of its argument is enlarged. */
export function steepestSlope(activation: Activation): number {
  return activation === 'sigmoid' ? 0.25 : 1;
}
