import { EspalierError } from '../../errors.js';
import { packHalves } from '../../half.js';
import { quoted } from '../../text.js';
import { decodeFloats } from '../elements.js';
import type { TfjsTensor, WeightSpec } from './model-json.js';

/** A tensor's numbers: quantised ones as q · scale + min, whole numbers and truths as they are. */
export function numbersOfTfjs({ spec, bytes }: TfjsTensor): Float32Array {
  const { quantization, dtype } = spec;
  const copy = new Uint8Array(bytes).buffer;
  switch (quantization?.dtype ?? dtype) {
    case 'float32':
      return decodeFloats(bytes, 'F32');
    case 'float16':
      return decodeFloats(bytes, 'F16');
    case 'int32':
      return Float32Array.from(new Int32Array(copy));
    default: {
      const { min = 0, scale = 1 } = quantization ?? {};
      const levels =
        quantization?.dtype === 'uint16' ? new Uint16Array(copy) : new Uint8Array(copy);
      return Float32Array.from(levels, (level) => level * scale + min);
    }
  }
}

/**
 * A tensor with other numbers, in the type that it has. Levels are spread anew from the least number to
 * the largest.
 *
 * @throws EspalierError `bad-network` for a number beyond float16 where it is of that type.
 */
export function tfjsOfNumbers(
  { spec }: TfjsTensor,
  shape: readonly number[],
  data: Float32Array,
): TfjsTensor {
  const { quantization } = spec;
  const resized: WeightSpec = { ...spec, shape: [...shape] };
  if (!quantization)
    return { spec: resized, bytes: new Uint8Array(Float32Array.from(data).buffer) };
  if (quantization.dtype === 'float16') {
    const halves = new Uint16Array(packHalves(data).buffer).slice(0, data.length);
    if (!halves.includes(NOT_A_HALF))
      return { spec: resized, bytes: new Uint8Array(halves.buffer) };
    throw new EspalierError(
      'bad-network',
      `The tensor ${quoted(spec.name)} is of float16, and a new number lies beyond: convert the network without quantisation.`,
    );
  }
  const [least, most] = data.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const wide = quantization.dtype === 'uint16';
  const scale = (most - least) / (wide ? 0xffff : 0xff) || 1;
  const levels = data.map((value) => Math.round((value - least) / scale));
  const stored = wide ? Uint16Array.from(levels) : Uint8Array.from(levels);
  return {
    spec: { ...resized, quantization: { ...quantization, min: least, scale } },
    bytes: new Uint8Array(stored.buffer),
  };
}

/** What stands in float16 for a number beyond it. */
const NOT_A_HALF = 0x7e00;
