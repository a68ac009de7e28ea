import { halfNumber } from '../half.js';

/** Element types by their names in safetensors, and the bytes of an element. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type DType = keyof typeof ELEMENT_BYTES;

/** The floating-point types that networks are trained in. */
type FloatType = 'F64' | 'F32' | 'F16' | 'BF16';

/** A tensor as a file holds it: the elements row-major, little-endian. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Little-endian elements as float32: F64 rounded to the nearest, the others exact. */
export function decodeFloats(bytes: Uint8Array, dtype: FloatType): Float32Array<ArrayBuffer> {
  const buffer = alignedCopy(bytes);
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer));
  const words = new Uint16Array(buffer);
  if (dtype === 'F16') return Float32Array.from(words, halfNumber);
  const bits = Uint32Array.from(words, (word) => word * 2 ** 16);
  return new Float32Array(bits.buffer);
}

/** Little-endian 64-bit integers, in two's complement. */
export function decodeIntegers(bytes: Uint8Array): BigInt64Array<ArrayBuffer> {
  return new BigInt64Array(alignedCopy(bytes));
}

/** Where every element type may begin. Platforms that run WebGPU are little-endian, as the files are. */
function alignedCopy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
