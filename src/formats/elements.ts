import { halfNumber } from '../half.js';

/** How a file stores the elements of floating-point tensors. */
export type FloatFormat = 'F64' | 'F32' | 'F16' | 'BF16';

export const FLOAT_BYTES: Readonly<Record<FloatFormat, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
};

/** Little-endian elements as float32: F64 rounded to the nearest, the others exact. */
export function floatsOf(bytes: Uint8Array, format: FloatFormat): Float32Array<ArrayBuffer> {
  const buffer = alignedCopy(bytes);
  if (format === 'F32') return new Float32Array(buffer);
  if (format === 'F64') return Float32Array.from(new Float64Array(buffer));
  const words = new Uint16Array(buffer);
  if (format === 'F16') return Float32Array.from(words, halfNumber);
  const bits = Uint32Array.from(words, (word) => word * 2 ** 16);
  return new Float32Array(bits.buffer);
}

/** Little-endian 64-bit integers, in two's complement. */
export function integersOf(bytes: Uint8Array): BigInt64Array<ArrayBuffer> {
  return new BigInt64Array(alignedCopy(bytes));
}

/** Where every element type may begin. Platforms that run WebGPU are little-endian, as the files are. */
function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
