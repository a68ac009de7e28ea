import type { Activation, MapActivation, ReadableActivation } from '../../shaders/activations.js';
import type { Approx } from './approx.js';
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

/** σ of an inexact argument. */
export function activateApprox(activation: Activation | MapActivation, x: Approx): Approx {
  const error = steepestSlope(activation) * x.error + activationError(activation, x.value);
  // Where σ is evaluated, its own error may be that of an argument a little larger.
  return { value: activate(activation, x.value), error: error * (1 + 16 * UNIT) };
}

/** σ′(x) in float64, from x; at a kink the flat side's. */
function slope(activation: MapActivation, x: number): number {
  switch (activation) {
    case 'none':
      return 1;
    case 'sigmoid': {
      const h = activate(activation, x);
      return h * (1 - h);
    }
    case 'relu':
      return x > 0 ? 1 : 0;
    case 'relu6':
      return x > 0 && x < 6 ? 1 : 0;
    case 'hard-sigmoid':
      return x > -3 && x < 3 ? 1 / 6 : 0;
    case 'hard-swish':
      if (x >= 3) return 1;
      return x > -3 ? x / 3 + 1 / 2 : 0;
  }
}

/** Where σ′ jumps. */
const KINKS = {
  none: [],
  sigmoid: [],
  relu: [0],
  relu6: [0, 6],
  'hard-sigmoid': [-3, 3],
  'hard-swish': [-3, 3],
} as const satisfies Record<MapActivation, readonly number[]>;

/** So near a kink that a slope there is that of its side. */
const BESIDE = 2 ** -40;

/**
 * σ′ of an inexact argument: it may be as far off as σ′ is at the ends of the argument's range and
 * at both sides of the kinks in it, between which it is a line or, for sigmoid, at most 1/10 steep.
 * Evaluated, sigmoid's e / (1 + e)² has exp's error of at most 8 units (see `activationError`) and
 * four roundings; x / 3 + 1/2, of at most 3/2, has three.
 */
export function slopeApprox(activation: MapActivation, x: Approx): Approx {
  const value = slope(activation, x.value);
  if (activation === 'sigmoid') return { value, error: x.error / 10 + 16 * UNIT };
  const sides = KINKS[activation]
    .filter((kink) => Math.abs(kink - x.value) <= x.error)
    .flatMap((kink) => [kink - BESIDE, kink + BESIDE]);
  const places = [x.value - x.error, x.value + x.error, ...sides];
  const range = Math.max(...places.map((place) => Math.abs(slope(activation, place) - value)));
  return { value, error: range + (activation === 'hard-swish' ? 8 * UNIT : 2 * UNIT) };
}

/** σ′ from an exact h = σ(x): h (1 − h) is rounded twice, by at most two units of 1, 1/6 once. */
export function derivativeApprox(activation: ReadableActivation, h: number): Approx {
  return { value: derivative(activation, h), error: activation === 'none' ? 0 : 4 * UNIT };
}
