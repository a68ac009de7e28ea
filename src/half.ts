/**
 * How the numbers of a matrix lie in memory: each in a word of its own (`f32`), or two in a word,
 * the first in the low bits (`f16`). Arithmetic is in f32 either way.
 */
export type StorageFormat = 'f32' | 'f16';

export const STORAGE_FORMATS = ['f32', 'f16'] as const satisfies readonly StorageFormat[];

/** Numbers two to a word in float16, the first in the low bits, as WGSL's unpack2x16float reads them. */
export function packHalves(values: Float32Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 2));
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  values.forEach((value, at) => {
    words[at >> 1] = (words[at >> 1] ?? 0) | (encodeHalf(value, bits[at] ?? 0) << (16 * (at & 1)));
  });
  return words;
}

export function unpackHalves(words: Uint32Array): Float32Array {
  const values = new Float32Array(2 * words.length);
  for (let at = 0; at < values.length; at++) {
    values[at] = halfNumber(((words[at >> 1] ?? 0) >>> (16 * (at & 1))) & 0xffff);
  }
  return values;
}

const [LEAST_NORMAL, QUANTUM, FIRST_TOO_LARGE, NOT_A_NUMBER] = [2 ** -14, 2 ** -24, 65520, 0x7e00];

/** To the nearest, ties to even; what does not fit is not a number, as for the shaders. */
function encodeHalf(value: number, bits: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < FIRST_TOO_LARGE)) return NOT_A_NUMBER;
  const sign = (bits >>> 16) & 0x8000;
  if (magnitude < LEAST_NORMAL) {
    // Adding a number whose last bit is worth the quantum rounds to it.
    const shift = 2 ** 52 * QUANTUM;
    return sign | ((magnitude + shift - shift) / QUANTUM);
  }
  const rounded = (bits & 0x7fffffff) + 0xfff + ((bits >>> 13) & 1);
  return sign | ((rounded >>> 13) - (112 << 10));
}

/** The number that 16 bits of float16 (IEEE 754 binary16) stand for. */
export function halfNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >>> 10) & 31, half & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * QUANTUM;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
