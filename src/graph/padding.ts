import type { MapShape, Padding, Pair } from './graph.js';

/**
 * The padding that Keras and TensorFlow call 'same' and ONNX SAME_UPPER: the window has
 * ⌈size / stride⌉ places, and of an odd number of zeros the larger half lies behind. A stride of 2 over an
 * even map by a window of 3 has none before it and one behind.
 */
export function samePadding({ height, width }: MapShape, kernel: Pair, stride: Pair): Padding {
  const [top, bottom] = sameZeros(height, kernel[0], stride[0]);
  const [left, right] = sameZeros(width, kernel[1], stride[1]);
  return { top, left, bottom, right };
}

function sameZeros(size: number, kernel: number, stride: number): Pair {
  const places = Math.ceil(size / stride);
  const zeros = Math.max((places - 1) * stride + kernel - size, 0);
  return [Math.floor(zeros / 2), Math.ceil(zeros / 2)];
}
