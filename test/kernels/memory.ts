import { nans } from '../../bench/numbers.js';
import {
  createBuffer,
  type GpuBuffer,
  readFloats,
  readUints,
  upload,
  type Words,
} from '../../src/gpu/buffer.js';
import type { Device } from '../../src/gpu/device.js';
import { type Matrix, readMatrix, rowStride } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import { packHalves } from '../../src/half.js';
import { type FeatureMap, featureMap } from '../../src/kernels/feature-map.js';
import type { KernelCase } from './case.js';

/** As a float −6.3 · 10¹⁸: read by mistake it spoils the answer, and a write over it is seen. */
export const GUARD = 0xdeadbeef;

/** Guard words behind every allocation, so that a step past the end is not clamped away. */
const TAIL = 16;

/** What pads the rows of a map that a kernel reads: finite, as all that a kernel may meet there. */
const MAP_PADDING = [1e6, -1e6] as const;

export interface MapShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Storage of one case. Padding and the words behind the data are guarded. */
export interface Memory {
  /** A matrix of `data`, or of NaN. */
  readonly matrix: (
    rows: number,
    columns: number,
    data?: Float32Array,
    storage?: StorageFormat,
  ) => Matrix;
  /** A feature map of `data`, its rows padded with large numbers, or of NaN, padding included. */
  readonly map: (shape: MapShape, data?: Float32Array) => FeatureMap;
  /** Weights that a kernel reads: what pads their rows is zero. */
  readonly weights: (rows: number, columns: number, data: Float32Array) => Matrix;
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
      const padded = (
        rows: number,
        columns: number,
        data: Float32Array | undefined,
        padding: readonly [number, number],
      ): Matrix => {
        const stride = rowStride(columns);
        const words = data ? paddedRows(data, columns, stride, padding) : nans(rows * stride);
        const buffer = place(`rows [${rows} × ${columns}]`, words, stride, stride);
        return { buffer, rows, columns, stride, storage: 'f32' };
      };
      try {
        await body(device, {
          matrix: (rows, columns, data = nans(rows * columns), storage = 'f32') => {
            const stride = rowStride(columns);
            const label = `matrix [${rows} × ${columns}]`;
            const buffer =
              storage === 'f32'
                ? place(label, data, columns, stride)
                : place(label, packedHalves(data, columns), Math.ceil(columns / 2), stride / 2);
            return { buffer, rows, columns, stride, storage };
          },
          map: ({ images, height, width, channels }, data) => {
            const rows = images * height * width;
            return featureMap(padded(rows, channels, data, MAP_PADDING), { height, width });
          },
          weights: (rows, columns, data) => padded(rows, columns, data, [0, 0]),
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

/** Two to a word; where a row's last is alone, NaN stands beside it. */
function packedHalves(data: Float32Array, columns: number): Uint32Array {
  const even = 2 * Math.ceil(columns / 2);
  const rows = data.length / columns;
  return packHalves(
    Float32Array.from({ length: rows * even }, (_, at) =>
      at % even < columns ? (data[Math.floor(at / even) * columns + (at % even)] ?? 0) : Number.NaN,
    ),
  );
}

function paddedRows(
  data: Float32Array,
  columns: number,
  stride: number,
  padding: readonly [number, number],
): Float32Array {
  return Float32Array.from({ length: (data.length / columns) * stride }, (_, at) => {
    const [row, column] = [Math.floor(at / stride), at % stride];
    return (column < columns ? data[row * columns + column] : padding[at % 2]) ?? Number.NaN;
  });
}

/** A buffer's floats without the guard. */
export async function readOwnFloats(buffer: GpuBuffer): Promise<Float32Array> {
  return (await readFloats(buffer)).slice(0, -TAIL);
}

/** A buffer's unsigned integers without the guard. */
export async function readOwnUints(buffer: GpuBuffer): Promise<Uint32Array> {
  return (await readUints(buffer)).slice(0, -TAIL);
}

/** A matrix's elements, without padding and guard. */
export async function readOwnValues(matrix: Matrix): Promise<Float32Array> {
  return (await readMatrix(matrix)).slice(0, matrix.rows * matrix.columns);
}

/** A matrix's rows with what pads them, without the guard. */
export async function rowsWithPadding({ buffer, rows, stride }: Matrix): Promise<Float32Array> {
  return (await readOwnFloats(buffer)).subarray(0, rows * stride);
}

/**
 * The elements of a map's first `images` images, as a kernel has left them in one that was NaN.
 *
 * @throws when what pads their rows is not finite, or when an image behind them was written.
 */
export async function writtenValues(
  { matrix, ...map }: FeatureMap,
  images = map.images,
): Promise<Float32Array> {
  const { columns, stride } = matrix;
  const written = images * map.height * map.width;
  const all = await rowsWithPadding(matrix);
  all.forEach((value, at) => {
    const row = Math.floor(at / stride);
    if (row >= written && !Number.isNaN(value)) throw new Error(`row ${row} was written`);
    if (row < written && at % stride >= columns && !Number.isFinite(value)) {
      throw new Error(`row ${row} is padded with ${value}`);
    }
  });
  return (await readOwnValues(matrix)).subarray(0, written * columns);
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
