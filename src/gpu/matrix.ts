import { createBuffer, fillOrFree, type GpuBuffer, readFloats, upload } from './buffer.js';
import type { Device } from './device.js';
import { largestBinding, requireBinding } from './limits.js';

/** A row-major float32 matrix on the GPU. Element (r, c) lies at word r · stride + c. */
export interface Matrix {
  readonly buffer: GpuBuffer;
  readonly rows: number;
  readonly columns: number;
  /** Columns rounded up to 4, so that every row starts where a vec4 load may. */
  readonly stride: number;
}

/** A matrix cut into blocks of rows, each within the adapter's binding limit. */
export interface ChunkedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly chunks: readonly (Matrix & { readonly firstRow: number })[];
}

export function strideOf(columns: number): number {
  return Math.ceil(columns / 4) * 4;
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
  rows: number,
  columns: number,
  data?: Float32Array,
): Matrix {
  const stride = strideOf(columns);
  requireBinding(device, label, rows, stride);
  const matrix = { buffer: createBuffer(device, label, rows * stride), rows, columns, stride };
  if (data) fillOrFree([matrix.buffer], () => uploadMatrix(matrix, data));
  return matrix;
}

/** Uploads `data` [rows × columns], padding each row to the stride. */
export function uploadMatrix(matrix: Matrix, data: Float32Array): void {
  const { rows, columns, stride, buffer } = matrix;
  if (data.length !== rows * columns) {
    throw new RangeError(`${buffer.label}: ${data.length} values for [${rows} × ${columns}].`);
  }
  if (stride === columns) {
    upload(buffer, data);
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
    upload(buffer, block.subarray(0, count * stride), first * stride);
  }
}

/** Reads a matrix back as [rows × columns], without the padding. */
export async function readMatrix(matrix: Matrix): Promise<Float32Array> {
  const { rows, columns, stride } = matrix;
  const padded = await readFloats(matrix.buffer);
  if (stride === columns) return padded;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    data.set(padded.subarray(row * stride, row * stride + columns), row * columns);
  }
  return data;
}

/**
 * Allocates a matrix of any number of rows as blocks that each fit a binding.
 *
 * @param rowsPerChunk a smaller cut than the adapter's limit asks for.
 */
export function createChunkedMatrix(
  device: Device,
  label: string,
  rows: number,
  columns: number,
  rowsPerChunk = Number.POSITIVE_INFINITY,
): ChunkedMatrix {
  requireBinding(device, `One row of ${label}`, 1, strideOf(columns));
  const fitting = Math.floor(largestBinding(device) / (strideOf(columns) * 4));
  const size = Math.min(rows, fitting, rowsPerChunk);
  const chunks: (Matrix & { firstRow: number })[] = [];
  const buffers: GpuBuffer[] = [];
  fillOrFree(buffers, () => {
    for (let firstRow = 0; firstRow < rows; firstRow += size) {
      const matrix = createMatrix(device, label, Math.min(size, rows - firstRow), columns);
      buffers.push(matrix.buffer);
      chunks.push({ ...matrix, firstRow });
    }
  });
  return { rows, columns, chunks };
}
