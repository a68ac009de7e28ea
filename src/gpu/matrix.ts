import { packHalves, type StorageFormat, unpackHalves } from '../half.js';
import {
  createBuffer,
  fillOrFree,
  type GpuBuffer,
  readFloats,
  readUints,
  upload,
  type Words,
} from './buffer.js';
import type { Device } from './device.js';
import { largestBinding, requireBinding } from './limits.js';

/** Bytes of one number. */
export const BYTES = { f32: 4, f16: 2 } as const satisfies Record<StorageFormat, number>;

/** A row-major matrix on the GPU. Element (r, c) is number r · stride + c of its buffer. */
export interface Matrix {
  readonly buffer: GpuBuffer;
  readonly rows: number;
  readonly columns: number;
  /**
   * Columns rounded up to 4, so that every row starts where a load of four may. What pads a row may
   * be any number: kernels write it along with the last columns, and none lets it into a result.
   */
  readonly stride: number;
  readonly storage: StorageFormat;
}

/** A matrix cut into blocks of rows, each within the adapter's binding limit. */
export interface ChunkedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly storage: StorageFormat;
  readonly chunks: readonly (Matrix & { readonly firstRow: number })[];
}

/** Rows and columns. */
export type MatrixShape = readonly [rows: number, columns: number];

export function rowStride(columns: number): number {
  return Math.ceil(columns / 4) * 4;
}

/** What a matrix holds at first, zeros where it is not said, and how it stores them. */
export interface MatrixOptions {
  readonly data?: Float32Array | undefined;
  /** f32 by default. */
  readonly storage?: StorageFormat | undefined;
}

/**
 * Allocates a zeroed matrix and fills it with `data` [rows × columns] where given.
 *
 * @throws limit-exceeded when it is larger than a binding may be; RangeError when `data` has
 *   another size. Nothing is left allocated then.
 */
export function createMatrix(
  device: Device,
  label: string,
  [rows, columns]: MatrixShape,
  { data, storage = 'f32' }: MatrixOptions = {},
): Matrix {
  const stride = rowStride(columns);
  const bytes = stride * BYTES[storage];
  requireBinding(device, label, rows, bytes);
  const buffer = createBuffer(device, label, (rows * bytes) / 4);
  const matrix = { buffer, rows, columns, stride, storage };
  if (data) fillOrFree([matrix.buffer], () => uploadMatrix(matrix, data));
  return matrix;
}

/** Uploads `data` [rows × columns], padding each row to the stride; for float16 it is rounded. */
export function uploadMatrix(matrix: Matrix, data: Float32Array): void {
  const { rows, columns, stride, buffer, storage } = matrix;
  const stored = (values: Float32Array): Words => (storage === 'f16' ? packHalves(values) : values);
  if (data.length !== rows * columns) {
    throw new RangeError(`${buffer.label}: ${data.length} values for [${rows} × ${columns}].`);
  }
  if (stride === columns) {
    upload(buffer, stored(data));
    return;
  }
  // Padded in blocks, so that a large dataset is not held twice on the CPU.
  const blockRows = Math.max(1, Math.floor(2 ** 22 / stride));
  const block = new Float32Array(Math.min(blockRows, rows) * stride);
  for (let first = 0; first < rows; first += blockRows) {
    const count = Math.min(blockRows, rows - first);
    for (let row = 0; row < count; row++) {
      const start = (first + row) * columns;
      block.set(data.subarray(start, start + columns), row * stride);
    }
    upload(
      buffer,
      stored(block.subarray(0, count * stride)),
      (first * stride * BYTES[storage]) / 4,
    );
  }
}

/** Reads a matrix back as [rows × columns], without the padding. */
export async function readMatrix(matrix: Matrix): Promise<Float32Array> {
  const { rows, columns, stride, buffer, storage } = matrix;
  const padded =
    storage === 'f16' ? unpackHalves(await readUints(buffer)) : await readFloats(buffer);
  if (stride === columns) return padded;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    data.set(padded.subarray(row * stride, row * stride + columns), row * columns);
  }
  return data;
}

/** How a matrix is cut into blocks, and how they store their numbers. */
export interface ChunkedMatrixOptions {
  /** For smaller blocks than the adapter's limit asks for. */
  readonly rowsPerChunk?: number | undefined;
  /** f32 by default. */
  readonly storage?: StorageFormat | undefined;
}

/** Allocates a zeroed matrix of any number of rows as blocks that each fit a binding. */
export function createChunkedMatrix(
  device: Device,
  label: string,
  [rows, columns]: MatrixShape,
  { rowsPerChunk = Number.POSITIVE_INFINITY, storage = 'f32' }: ChunkedMatrixOptions = {},
): ChunkedMatrix {
  const stride = rowStride(columns);
  const rowBytes = stride * BYTES[storage];
  requireBinding(device, label, 1, rowBytes);
  const fitting = Math.floor(largestBinding(device) / rowBytes);
  const size = Math.min(rows, fitting, rowsPerChunk);
  const chunks: (Matrix & { firstRow: number })[] = [];
  const buffers: GpuBuffer[] = [];
  fillOrFree(buffers, () => {
    for (let firstRow = 0; firstRow < rows; firstRow += size) {
      const count = Math.min(size, rows - firstRow);
      const matrix = createMatrix(device, label, [count, columns], { storage });
      buffers.push(matrix.buffer);
      chunks.push({ ...matrix, firstRow });
    }
  });
  return { rows, columns, storage, chunks };
}

/** @throws RangeError when the other matrix is laid out otherwise, so that its elements lie elsewhere. */
export function requireSameLayout(matrix: Matrix, other: Matrix | undefined): void {
  const { buffer, rows, columns } = matrix;
  if (!other || (other.stride === matrix.stride && other.rows === rows)) return;
  throw new RangeError(
    `${other.buffer.label} must be laid out as ${buffer.label}: [${rows} × ${columns}].`,
  );
}
