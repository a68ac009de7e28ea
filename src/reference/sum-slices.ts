import { type Bounded, sumBound } from './bound.js';

/** Σ of the slices, one below the other, of `size` numbers each, in float64 with float32's bound. */
export function sumSlicesReference(parts: ArrayLike<number>, size: number): Bounded {
  const value = new Float64Array(size);
  const magnitude = new Float64Array(size);
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] ?? Number.NaN;
    value[at % size] = (value[at % size] ?? 0) + part;
    magnitude[at % size] = (magnitude[at % size] ?? 0) + Math.abs(part);
  }
  return { value, bound: magnitude.map((sum) => sumBound(parts.length / size, sum)) };
}
