import { describe, expect, test } from 'vitest';
import {
  packDepthwise,
  packedRows,
  packFilter,
  unpackDepthwise,
  unpackFilter,
} from '../../src/kernels/pack-weights.js';

const numbers = (count: number) => Float32Array.from({ length: count }, (_, at) => at + 1);

describe('packed weights', () => {
  const shape = { outputs: 2, channels: 3, kernel: [2, 2] as const };

  test("hold a tap's channels side by side, rounded up to four with zeros", () => {
    const packed = packFilter(numbers(24), shape);
    expect(packed).toHaveLength(packedRows(shape) * 2);
    expect(packedRows(shape)).toBe(16);
    // Rows of tap (0, 1), channels 0 to 2: numbers 2, 6, 10 of output 0 and 14, 18, 22 of output 1.
    expect([...packed.subarray(8, 16)]).toEqual([2, 14, 6, 18, 10, 22, 0, 0]);
  });

  test('give back what was packed', () => {
    expect(unpackFilter(packFilter(numbers(24), shape), shape)).toEqual(numbers(24));
    expect(unpackDepthwise(packDepthwise(numbers(15), 5), 5)).toEqual(numbers(15));
  });

  test('of a depthwise convolution hold a channel a column', () => {
    expect([...packDepthwise(numbers(6), 3)]).toEqual([1, 3, 5, 2, 4, 6]);
  });

  test('refuse another size', () => {
    expect(() => packFilter(numbers(23), shape)).toThrow(/23 numbers .* \[2, 3, 2, 2\].* 24/);
    expect(() => unpackFilter(numbers(24), shape)).toThrow(/24 numbers .* 32/);
  });
});
