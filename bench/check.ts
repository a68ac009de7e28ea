import type { Bounded } from '../src/reference/bound.js';

/**
 * At most `most` places in [0, count), both ends among them, spread evenly: rounding lets them fall
 * on every place of a kernel's tile in turn.
 */
export function spread(count: number, most: number): readonly number[] {
  if (count <= most) return Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: most }, (_, index) =>
    Math.round((index * (count - 1)) / Math.max(most - 1, 1)),
  );
}

/** The elements of a row-major matrix at these rows and columns. */
export function elementsAt(
  data: ArrayLike<number>,
  stride: number,
  rows: readonly number[],
  columns: readonly number[],
): Float64Array {
  return Float64Array.from(
    rows.flatMap((row) => columns.map((column) => data[row * stride + column] ?? Number.NaN)),
  );
}

/** @throws naming the first element that is further from the oracle's value than its bound. */
export function requireWithin(
  what: string,
  actual: ArrayLike<number>,
  { value, bound }: Bounded,
): void {
  if (actual.length !== value.length) {
    throw new Error(`${what}: ${actual.length} values where ${value.length} were expected`);
  }
  value.forEach((expected, e) => {
    const error = Math.abs((actual[e] ?? Number.NaN) - expected);
    if (error <= (bound[e] ?? 0)) return;
    throw new Error(
      `${what}: element ${e} is ${actual[e]}, expected ${expected} ± ${bound[e]?.toPrecision(3)}`,
    );
  });
}

/** @throws naming the first element that differs. */
export function requireSame(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  for (let e = 0; e < expected.length; e++) {
    if (Object.is(actual[e], expected[e])) continue;
    throw new Error(`${what}: element ${e} is ${actual[e]}, expected ${expected[e]}`);
  }
}

/** @throws when an element is NaN, with which outputs are filled before: it was left out. */
export function requireWritten(what: string, values: Float32Array): void {
  const missing = values.findIndex(Number.isNaN);
  if (missing >= 0) throw new Error(`${what}: element ${missing} is not a number`);
}
