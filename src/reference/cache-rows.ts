import { exactly, total, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

/** One Gram row [N], the sum of its slices, in float64 with the error bound of a float32 kernel. */
export function cachedRowReference(
  n: number,
  slices: number,
  gram: (s: number, i: number) => number,
): Bounded {
  return valuesWithBounds(
    Array.from({ length: n }, (_, i) =>
      total(Array.from({ length: slices }, (_, s) => exactly(gram(s, i)))),
    ),
  );
}
