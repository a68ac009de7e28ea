import type { LossKind } from '../../shaders/point-loss.js';
import {
  type Approx,
  exactly,
  exponential,
  largest,
  logarithm,
  minus,
  plus,
  times,
  total,
} from './approx.js';

/**
 * The loss at one example, ‖f − y‖² or log Σ_c e^{f_c} − f · y, in float64 with the error that
 * float32 may make of it.
 */
export function pointLossReference(
  loss: LossKind,
  f: readonly Approx[],
  y: readonly number[],
): Approx {
  const label = (c: number) => exactly(y[c] ?? Number.NaN);
  if (loss === 'squared') {
    const errors = f.map((output, c) => minus(output, label(c)));
    return total(errors.map((error) => times(error, error)));
  }
  const peak = largest(f);
  const sum = total(f.map((output) => exponential(minus(output, peak))));
  const chosen = total(f.map((output, c) => times(output, label(c))));
  return minus(plus(logarithm(sum), peak), chosen);
}
