import { nans } from '../../bench/numbers.js';
import type { Device } from '../../src/gpu/device.js';
import { createMatrix, type Matrix, type MatrixShape, uploadMatrix } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { randomStream } from '../../src/random.js';
import { nearestHalf } from '../../src/reference/half.js';

/** One check of one kernel. It knows no test runner, so Node and a page in Chrome both run it. */
export interface KernelCase {
  readonly name: string;
  /** @throws when the kernel's answer is outside the oracle's bound. */
  readonly run: (device: Device) => Promise<void>;
}

/** A variant's case; one that needs subgroups of four has nothing to play on an adapter without. */
export function whereItRuns(variant: string, { name, run }: KernelCase): KernelCase {
  return {
    name,
    run: async (device) => {
      if (variant !== 'subgroup' || matmulVariant(device) === 'subgroup') await run(device);
    },
  };
}

/** A case for adapters whose workgroups may have so many threads; elsewhere there is nothing to play. */
export function whereThreadsFit(threads: number, { name, run }: KernelCase): KernelCase {
  return {
    name,
    run: async (device) => {
      if (threads <= device.limits.maxComputeInvocationsPerWorkgroup) await run(device);
    },
  };
}

/** Numbers from N(0, 1), the same for the same seed on every host. */
export function randomNumbers(count: number, seed: number): Float32Array {
  const stream = randomStream(seed, 'kernel case');
  return Float32Array.from({ length: count }, () => stream.normal());
}

/** Targets of `count` examples: zeros and ones for one output, a one among zeros for more. */
export function randomLabels(count: number, outputs: number, seed: number): Float32Array {
  const classes = randomNumbers(count, seed).map((x) => Math.floor(Math.abs(x) * 97));
  return Float32Array.from({ length: count * outputs }, (_, at) => {
    const label = classes[Math.floor(at / outputs)] ?? 0;
    return outputs === 1 ? label % 2 : Number(label % outputs === at % outputs);
  });
}

/** The numbers as a matrix of that storage holds them. */
export function stored(values: Float32Array, storage: StorageFormat | undefined): Float32Array {
  return storage === 'f16' ? values.map(nearestHalf) : values;
}

/** A matrix of `data` whose rows are padded with NaN: no kernel may let that into a result. */
export function paddedMatrix(
  device: Device,
  shape: MatrixShape,
  data: Float32Array,
  storage?: StorageFormat,
): Matrix {
  const matrix = createMatrix(device, 'operand', shape, { storage });
  const { rows, columns, stride } = matrix;
  const padded = nans(rows * stride);
  for (let row = 0; row < rows; row++) {
    padded.set(data.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  uploadMatrix({ ...matrix, columns: stride }, padded);
  return matrix;
}

/** A matrix of NaN: an element that the kernel leaves out cannot pass for an answer. */
export function poisonedMatrix(
  device: Device,
  shape: MatrixShape,
  storage?: StorageFormat,
): Matrix {
  const matrix = createMatrix(device, 'poisoned', shape, { storage });
  uploadMatrix(matrix, nans(shape[0] * shape[1]));
  return matrix;
}
