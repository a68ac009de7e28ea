import type { Device } from '../../src/gpu/device.js';
import { createMatrix, type Matrix, uploadMatrix } from '../../src/gpu/matrix.js';
import { randomStream } from '../../src/random.js';
import type { Bounded } from '../../src/reference/bound.js';

/** One check of one kernel. It knows no test runner, so Node and a page in Chrome both run it. */
export interface KernelCase {
  readonly name: string;
  /** @throws when the kernel's answer is outside the oracle's bound. */
  readonly run: (device: Device) => Promise<void>;
}

/** Numbers from N(0, 1), the same for the same seed on every host. */
export function randomNumbers(count: number, seed: number): Float32Array {
  const stream = randomStream(seed, 'kernel case');
  return Float32Array.from({ length: count }, () => stream.normal());
}

/** A matrix of NaN: an element that the kernel leaves out cannot pass for an answer. */
export function poisonedMatrix(device: Device, rows: number, columns: number): Matrix {
  const matrix = createMatrix(device, 'poisoned', rows, columns);
  uploadMatrix(matrix, new Float32Array(rows * columns).fill(Number.NaN));
  return matrix;
}

/** @throws naming the worst element when any error exceeds its bound, or any value is NaN. */
export function requireWithin(actual: ArrayLike<number>, { value, bound }: Bounded): void {
  if (actual.length !== value.length) {
    throw new Error(`${actual.length} values where ${value.length} were expected`);
  }
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
    `element ${worst} is ${at(actual, worst)}, expected ${at(value, worst)} ± ${at(bound, worst)} (${excess.toPrecision(3)} times the bound)`,
  );
}

/** @throws unless both hold the same integers. */
export function requireSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const [a, b] = [Array.from(actual).join(' '), Array.from(expected).join(' ')];
  if (a !== b) throw new Error(`got [${a}], expected [${b}]`);
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}
