import type { Bounded } from '../src/reference/bound.js';

// How the answers of kernels are judged, in the tests and before anything is timed.

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

/**
 * @throws naming the element that exceeds its bound by the largest factor, when any does or is not
 *   a number.
 */
export function requireWithin(
  actual: ArrayLike<number>,
  { value, bound }: Bounded,
  what = 'output',
): void {
  requireLength(what, actual, value);
  let worst = -1;
  let excess = 1;
  for (let e = 0; e < value.length; e++) {
    const error = Math.abs(at(actual, e) - at(value, e));
    const ratio = error / at(bound, e);
    if (Number.isNaN(error) || (error > 0 && !(ratio <= excess))) {
      worst = e;
      excess = Number.isNaN(error) ? Number.POSITIVE_INFINITY : ratio;
    }
  }
  if (worst < 0) return;
  throw new Error(
    `${what}: element ${worst} is ${at(actual, worst)}, expected ${at(value, worst)} ± ${at(bound, worst).toPrecision(3)} (${excess.toPrecision(3)} times the bound)`,
  );
}

/** @throws naming the first element that differs; NaN is the same as NaN. */
export function requireSame(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what = 'output',
): void {
  requireLength(what, actual, expected);
  for (let e = 0; e < expected.length; e++) {
    // Not as a pair: millions are compared.
    const found = actual[e];
    const wanted = expected[e];
    if (found === wanted || (Number.isNaN(found) && Number.isNaN(wanted))) continue;
    throw new Error(`${what}: element ${e} is ${found}, expected ${wanted}`);
  }
}

function requireLength(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  if (actual.length === expected.length) return;
  throw new Error(`${what}: ${actual.length} values where ${expected.length} were expected`);
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

/** @throws when an element is NaN, with which outputs are filled before: it was left out. */
export function requireWritten(values: Float32Array, what = 'output'): void {
  const missing = values.findIndex(Number.isNaN);
  if (missing >= 0) throw new Error(`${what}: element ${missing} is not a number`);
}
