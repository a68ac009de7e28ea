import type { StorageFormat } from '../src/half.js';

// float16 is packed and unpacked by WGSL's pack2x16float and unpack2x16float, which every adapter
// has. Only some adapters have the type f16.

/** The element type of the array that holds such a matrix, when a load brings one number. */
export const elementType = (format: StorageFormat) => (format === 'f16' ? 'u32' : 'f32');

/** The same, when a load brings four neighbours. */
export const vectorType = (format: StorageFormat) => (format === 'f16' ? 'vec2<u32>' : 'vec4<f32>');

/** The number at index `at` of an array of `elementType`. */
export function loadOne(format: StorageFormat, array: string, at: string): string {
  if (format === 'f32') return `${array}[${at}]`;
  return `unpack2x16float(${array}[(${at}) / 2u] >> (16u * ((${at}) % 2u))).x`;
}

/** The four numbers at index `at` of an array of `vectorType`; the module has to have `UNPACK_FOUR`. */
export function loadFour(format: StorageFormat, array: string, at: string): string {
  const words = `${array}[${at}]`;
  return format === 'f16' ? `unpack_four(${words})` : words;
}

export const UNPACK_FOUR = `
fn unpack_four(words: vec2<u32>) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}`;

/**
 * Packs four numbers, each rounded to the nearest of 11 significant bits, ties to even. Rounded
 * here, since WGSL leaves it open which way pack2x16float rounds. What it says nothing of, numbers
 * from 65520 on, infinity and NaN, becomes NaN: no score that it enters can be taken for a number.
 */
export const PACK_FOUR = `
fn pack_four(value: vec4<f32>) -> vec2<u32> {
  let bits = bitcast<vec4<u32>>(value);
  let odd = (bits >> vec4<u32>(13u)) & vec4<u32>(1u);
  let rounded = (bits + vec4<u32>(0xfffu) + odd) & vec4<u32>(0xffffe000u);
  // Below 2⁻¹⁴ fewer bits are left, and pack2x16float rounds.
  let small = (bits & vec4<u32>(0x7fffffffu)) < vec4<u32>(0x38800000u);
  // 65520, halfway to the number that would come next.
  let large = (bits & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x477ff000u);
  let kept = bitcast<vec4<f32>>(select(rounded, bits, small));
  let nan = select(vec4<u32>(), vec4<u32>(0x7e00u), large);
  return vec2<u32>(pack2x16float(kept.xy), pack2x16float(kept.zw))
    | vec2<u32>(nan.x | (nan.y << 16u), nan.z | (nan.w << 16u));
}`;
