import type { Activation, MapActivation, ReadableActivation } from '../../shaders/activations.js';
import { UNIT } from './bound.js';

/** σ(x) in float64. */
export function activate(activation: Activation | MapActivation, x: number): number {
  switch (activation) {
    case 'none':
      return x;
    case 'tanh':
      return Math.tanh(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'relu':
      return Math.max(x, 0);
    case 'relu6':
      return Math.min(Math.max(x, 0), 6);
    case 'hard-sigmoid':
      return Math.min(Math.max(x + 3, 0), 6) / 6;
    case 'hard-swish':
      return (x * Math.min(Math.max(x + 3, 0), 6)) / 6;
  }
}

/** σ′(x) in float64, from h = σ(x). */
export function derivative(activation: ReadableActivation, h: number): number {
  switch (activation) {
    case 'none':
      return 1;
    case 'tanh':
      return 1 - h * h;
    case 'sigmoid':
      return h * (1 - h);
    case 'relu':
      return h > 0 ? 1 : 0;
    case 'relu6':
      return h > 0 && h < 6 ? 1 : 0;
    case 'hard-sigmoid':
      return h > 0 && h < 1 ? 1 / 6 : 0;
  }
}

/**
 * Largest error of σ evaluated in float32 at an exact x. WGSL allows exp(−y) an error of
 * (3 + 2y) ulp; with y = 2|x| and y e^−y ≤ 1/e that is at most 8 units of 1, a division adds 2.5
 * ulp and the sums one each: 16 units in all. (x + 3) · 1/6, of at most 1, is rounded three times,
 * its factor included, each time by up to two units; x times it once more.
 */
export function activationError(activation: Activation | MapActivation, x: number): number {
  switch (activation) {
    case 'none':
    case 'relu':
    case 'relu6':
      return 0;
    case 'tanh':
    case 'sigmoid':
      return 16 * UNIT;
    case 'hard-sigmoid':
      return 6 * UNIT;
    case 'hard-swish':
      return 8 * UNIT * Math.abs(x);
  }
}

/** Largest slope of σ: how much an error of its argument is enlarged. */
export function steepestSlope(activation: Activation | MapActivation): number {
  switch (activation) {
    case 'sigmoid':
      return 1 / 4;
    case 'hard-sigmoid':
      return 1 / 6;
    case 'hard-swish':
      return 3 / 2;
    default:
      return 1;
  }
}
