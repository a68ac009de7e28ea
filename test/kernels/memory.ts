import {
  createBuffer,
  type GpuBuffer,
  readFloats,
  readUints,
  upload,
  type Words,
} from '../../src/gpu/buffer.js';
import type { Device } from '../../src/gpu/device.js';
import { type Matrix, readMatrix, strideOf } from '../../src/gpu/matrix.js';
import type { KernelCase } from './case.js';

/** As a float −6.3 · 10¹⁸: read by mistake it spoils the answer, and a write over it is seen. */
export const GUARD = 0xdeadbeef;

/** Guard words behind every allocation, so that a step past the end is not clamped away. */
const TAIL = 16;

/** Storage of one case. Padding and the words behind the data are guarded. */
export interface Memory {
  /** A matrix of `data`, or of NaN. */
  readonly matrix: (rows: number, columns: number, data?: Float32Array) => Matrix;
  readonly buffer: (data: Words) => GpuBuffer;
}

/** A case with its own memory, disposed of at the end; it fails when a guard was overwritten. */
export function memoryCase(
  name: string,
  body: (device: Device, memory: Memory) => Promise<void>,
): KernelCase {
  return {
    name,
    run: async (device) => {
      const owned: { buffer: GpuBuffer; guards: readonly number[] }[] = [];
      const place = (label: string, data: Words, width: number, stride: number) => {
        const end = Math.ceil(data.length / width) * stride;
        const words = new Uint32Array(end + TAIL).fill(GUARD);
        const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
        for (let from = 0, to = 0; from < bits.length; from += width, to += stride) {
          words.set(bits.subarray(from, from + width), to);
        }
        const buffer = createBuffer(device, label, words.length);
        upload(buffer, words);
        const guards = [...words.keys()].filter((at) => at >= end || at % stride >= width);
        owned.push({ buffer, guards });
        return buffer;
      };
      try {
        await body(device, {
          matrix: (rows, columns, data = nans(rows * columns)) => {
            const stride = strideOf(columns);
            const label = `matrix [${rows} × ${columns}]`;
            return { buffer: place(label, data, columns, stride), rows, columns, stride };
          },
          buffer: (data) => place(`buffer [${data.length}]`, data, data.length, data.length),
        });
        for (const { buffer, guards } of owned) {
          const words = await readUints(buffer);
          const hit = guards.find((at) => words[at] !== GUARD);
          if (hit !== undefined) throw new Error(`${buffer.label}: guard word ${hit} overwritten`);
        }
      } finally {
        for (const { buffer } of owned) buffer.dispose();
      }
    },
  };
}

export function nans(length: number): Float32Array {
  return new Float32Array(length).fill(Number.NaN);
}

/** A buffer's floats without the guard. */
export async function floatsOf(buffer: GpuBuffer): Promise<Float32Array> {
  return (await readFloats(buffer)).slice(0, -TAIL);
}

/** A buffer's unsigned integers without the guard. */
export async function uintsOf(buffer: GpuBuffer): Promise<Uint32Array> {
  return (await readUints(buffer)).slice(0, -TAIL);
}

/** A matrix's elements, without padding and guard. */
export async function valuesOf(matrix: Matrix): Promise<Float32Array> {
  return (await readMatrix(matrix)).slice(0, matrix.rows * matrix.columns);
}

/**
 * The sum of slices first … first + count − 1, of `size` elements each.
 *
 * @throws when a slice before or behind them is no longer NaN.
 */
export function sumOfSlices(
  data: Float32Array,
  { first, count, size }: { readonly first: number; readonly count: number; readonly size: number },
): Float64Array {
  const sum = new Float64Array(size);
  data.forEach((value, at) => {
    const slice = Math.floor(at / size);
    if (slice >= first && slice < first + count) sum[at % size] = (sum[at % size] ?? 0) + value;
    else if (!Number.isNaN(value)) throw new Error(`slice ${slice} was written`);
  });
  return sum;
}
