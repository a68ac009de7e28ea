/** A float64 answer with, for each element, the largest error a correct float32 kernel may make. */
export interface Bounded {
  readonly value: Float64Array;
  readonly bound: Float64Array;
}

/** Unit roundoff of float32. */
export const UNIT = 2 ** -24;

/**
 * Bound on the error of a float32 sum of `terms` products in any order, fused or not, given the
 * sum of the products' magnitudes: γ_n Σ|a b| with n = terms + 1 (Higham, Accuracy and Stability
 * of Numerical Algorithms, section 3.1), and `extra` further roundings. The smallest normal number
 * is added because a GPU may flush subnormal numbers to zero.
 */
export function sumBound(terms: number, magnitude: number, extra = 2): number {
  const n = (terms + extra) * UNIT;
  return (n / (1 - n)) * magnitude + (terms + 1) * 2 ** -126;
}
