import { DISPOSE } from '../disposal.js';
import { bufferFrom, createBuffer, type GpuBuffer, type Words } from './buffer.js';
import type { Device, Owned } from './device.js';
import {
  type ChunkedMatrix,
  type ChunkedMatrixOptions,
  createChunkedMatrix,
  createMatrix,
  type Matrix,
  type MatrixOptions,
  type MatrixShape,
} from './matrix.js';

/** What `build` makes of a scope that the result owns; freed at once when it throws. */
export function owning<Built>(device: Device, build: (scope: Scope) => Built): Built {
  const scope = new Scope(device);
  try {
    return build(scope);
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/**
 * Owns what is allocated through it and frees all of it at once, also when the work in between
 * throws: `using scope = new Scope(device)`.
 */
export class Scope implements Owned {
  readonly #device: Device;
  readonly #owned: GpuBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  #own(buffer: GpuBuffer): GpuBuffer {
    this.#owned.push(buffer);
    return buffer;
  }

  /** `createBuffer`: a zeroed buffer of so many words. */
  buffer(label: string, length: number): GpuBuffer {
    return this.#own(createBuffer(this.#device, label, length));
  }

  /** `bufferFrom`: a buffer that holds `data`. */
  bufferFrom(label: string, data: Words): GpuBuffer {
    return this.#own(bufferFrom(this.#device, label, data));
  }

  /** `createMatrix`: a zeroed matrix, or one that holds `data`. */
  matrix(label: string, shape: MatrixShape, options?: MatrixOptions): Matrix {
    const matrix = createMatrix(this.#device, label, shape, options);
    this.#own(matrix.buffer);
    return matrix;
  }

  /** `createChunkedMatrix`: a zeroed matrix in blocks that each fit a binding. */
  chunkedMatrix(label: string, shape: MatrixShape, options?: ChunkedMatrixOptions): ChunkedMatrix {
    const matrix = createChunkedMatrix(this.#device, label, shape, options);
    for (const chunk of matrix.chunks) this.#own(chunk.buffer);
    return matrix;
  }

  /** Frees all that was allocated through it so far. */
  dispose(): void {
    for (const buffer of this.#owned.splice(0)) buffer.dispose();
  }

  /** As `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}
