import { UNIT } from './bound.js';

/**
 * A float32 intermediate result: what it should be, and how far off it may come out. The functions
 * below follow a kernel operation by operation (running error analysis: Higham, Accuracy and
 * Stability of Numerical Algorithms, section 3.3), each with the accuracy that the WGSL
 * specification demands of it. A fused or reordered sum of the same terms stays within.
 */
export interface Approx {
  readonly value: number;
  readonly error: number;
}

/** WGSL may round a result either way, so by up to one ulp; ulp(x) ≤ 2 units of |x|. */
const ULP = 2 * UNIT;

/** A GPU may flush what is smaller than the smallest normal number to zero. */
const FLUSH = 2 ** -126;

export const ZERO: Approx = exactly(0);

export function exactly(value: number): Approx {
  return { value, error: 0 };
}

/** The largest magnitude that the float32 result may have. */
function reach({ value, error }: Approx): number {
  return Math.abs(value) + error;
}

/** A result that is rounded by so many ulp, of operands whose errors change it by `inherited`. */
export function rounded(value: number, inherited: number, ulps = 1): Approx {
  return { value, error: inherited + ulps * ULP * (Math.abs(value) + inherited) + FLUSH };
}

export function plus(a: Approx, b: Approx): Approx {
  return rounded(a.value + b.value, a.error + b.error);
}

export function minus(a: Approx, b: Approx): Approx {
  return rounded(a.value - b.value, a.error + b.error);
}

export function times(a: Approx, b: Approx): Approx {
  return rounded(a.value * b.value, Math.abs(a.value) * b.error + reach(b) * a.error);
}

/** 2.5 ulp; nothing can be said when the denominator may be zero. */
export function over(a: Approx, b: Approx): Approx {
  const least = Math.abs(b.value) - b.error;
  const value = a.value / b.value;
  if (!(least > 0)) return { value, error: Number.POSITIVE_INFINITY };
  return rounded(value, (a.error + Math.abs(value) * b.error) / least, 2.5);
}

/** 1 / √a: 2 ulp. */
export function inverseRoot(a: Approx): Approx {
  const least = a.value - a.error;
  const value = 1 / Math.sqrt(a.value);
  if (!(least > 0)) return { value, error: Number.POSITIVE_INFINITY };
  return rounded(value, 1 / Math.sqrt(least) - value, 2);
}

/** (3 + 2|x|) ulp. */
export function exponential(a: Approx): Approx {
  const value = Math.exp(a.value);
  return rounded(value, value * Math.expm1(a.error), 3 + 2 * reach(a));
}

/** 2⁻²¹ within [1/2, 2], 3 ulp outside. */
export function logarithm(a: Approx): Approx {
  const least = a.value - a.error;
  if (!(least > 0)) return { value: Math.log(a.value), error: Number.POSITIVE_INFINITY };
  const value = Math.log(a.value);
  const { error } = rounded(value, value - Math.log(least), 3);
  return {
    value,
    error: least <= 2 && reach(a) >= 0.5 ? Math.max(error, error + 2 ** -21) : error,
  };
}

/** The larger of them, itself without rounding. */
export function largest(terms: readonly Approx[]): Approx {
  return {
    value: Math.max(...terms.map(({ value }) => value)),
    error: Math.max(...terms.map(({ error }) => error)),
  };
}

/** The sum of all terms in any order: each of the sums rounds at most Σ|terms|. */
export function total(terms: readonly Approx[]): Approx {
  let value = 0;
  let inherited = 0;
  let magnitude = 0;
  for (const term of terms) {
    value += term.value;
    inherited += term.error;
    magnitude += reach(term);
  }
  const roundings = terms.length * ULP;
  return {
    value,
    error: inherited + (roundings / (1 - roundings)) * magnitude + terms.length * FLUSH,
  };
}

/** Σ a_e b_e in any order. */
export function inner(count: number, a: (e: number) => number, b: (e: number) => number): Approx {
  return total(Array.from({ length: count }, (_, e) => times(exactly(a(e)), exactly(b(e)))));
}

/** Value and bound of each. */
export function valuesWithBounds(approximations: readonly Approx[]): {
  readonly value: Float64Array;
  readonly bound: Float64Array;
} {
  return {
    value: Float64Array.from(approximations, ({ value }) => value),
    bound: Float64Array.from(approximations, ({ error }) => error),
  };
}
