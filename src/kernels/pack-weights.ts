import { rowStride } from '../gpu/matrix.js';
import type { Pair } from './window.js';

/** A filter as PyTorch shapes it: [outputs, channels, kernel rows, kernel columns]. */
export interface FilterShape {
  readonly outputs: number;
  /** Channels that each output reads: those of its group where there are groups. */
  readonly channels: number;
  readonly kernel: Pair;
}

/** Rows of the packed filter: each tap's channels, rounded up to 4. */
export function packedRows({ channels, kernel }: FilterShape): number {
  return kernel[0] * kernel[1] * rowStride(channels);
}

/**
 * PyTorch's weight as convolutions read it: [taps · channels × outputs], row
 * (ky · columns + kx) · stride + c with the channels rounded up to 4 in `stride`. The rows that pad
 * a tap are zero, so that what pads a feature map's rows never enters a result.
 */
export function packFilter(weight: Float32Array, shape: FilterShape): Float32Array {
  requireSize(weight, shape.outputs * shape.channels * tapCount(shape), shape);
  const packed = new Float32Array(packedRows(shape) * shape.outputs);
  eachWeight(shape, (from, to) => {
    packed[to] = weight[from] ?? Number.NaN;
  });
  return packed;
}

/** The inverse of `packFilter`, for weights, their gradients and their momentum. */
export function unpackFilter(packed: Float32Array, shape: FilterShape): Float32Array {
  requireSize(packed, packedRows(shape) * shape.outputs, shape);
  const weight = new Float32Array(shape.outputs * shape.channels * tapCount(shape));
  eachWeight(shape, (from, to) => {
    weight[from] = packed[to] ?? Number.NaN;
  });
  return weight;
}

/** PyTorch's weight [channels, 1, rows, columns] of a depthwise convolution as [taps × channels]. */
export function packDepthwise(weight: Float32Array, channels: number): Float32Array {
  return transpose(weight, channels, weight.length / channels);
}

/** The inverse of `packDepthwise`. */
export function unpackDepthwise(packed: Float32Array, channels: number): Float32Array {
  return transpose(packed, packed.length / channels, channels);
}

function eachWeight(shape: FilterShape, visit: (weight: number, packed: number) => void): void {
  const { outputs, channels } = shape;
  const taps = tapCount(shape);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < taps; tap++) {
        visit((o * channels + c) * taps + tap, (tap * rowStride(channels) + c) * outputs + o);
      }
    }
  }
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] ?? Number.NaN);
}

function tapCount({ kernel }: FilterShape): number {
  return kernel[0] * kernel[1];
}

function requireSize(data: Float32Array, size: number, shape: FilterShape): void {
  if (data.length === size) return;
  const { outputs, channels, kernel } = shape;
  throw new RangeError(
    `${data.length} numbers for a filter [${outputs}, ${channels}, ${kernel.join(', ')}], which takes ${size}.`,
  );
}
