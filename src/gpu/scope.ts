import { bufferOf, createBuffer, type GpuBuffer, type Words } from './buffer.js';
import type { Device } from './device.js';
import {
  type ChunkedMatrix,
  createChunkedMatrix,
  createMatrix,
  type Matrix,
  type StorageFormat,
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
export class Scope {
  readonly #device: Device;
  readonly #owned: GpuBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  #own(buffer: GpuBuffer): GpuBuffer {
    this.#owned.push(buffer);
    return buffer;
  }

  buffer(label: string, length: number): GpuBuffer {
    return this.#own(createBuffer(this.#device, label, length));
  }

  bufferOf(label: string, data: Words): GpuBuffer {
    return this.#own(bufferOf(this.#device, label, data));
  }

  matrix(
    label: string,
    rows: number,
    columns: number,
    data?: Float32Array,
    storage?: StorageFormat,
  ): Matrix {
    const matrix = createMatrix(this.#device, label, rows, columns, data, storage);
    this.#own(matrix.buffer);
    return matrix;
  }

  chunkedMatrix(
    label: string,
    rows: number,
    columns: number,
    rowsPerChunk?: number,
    storage?: StorageFormat,
  ): ChunkedMatrix {
    const matrix = createChunkedMatrix(this.#device, label, rows, columns, rowsPerChunk, storage);
    for (const chunk of matrix.chunks) this.#own(chunk.buffer);
    return matrix;
  }

  dispose(): void {
    for (const buffer of this.#owned.splice(0)) buffer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
