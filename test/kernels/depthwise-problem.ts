import { type Pair, windowPositions } from '../../src/kernels/window.js';
import type { MapElement } from '../../src/reference/convolution.js';
import { randomNumbers } from './case.js';

export interface DepthwiseSpec {
  readonly input: readonly [images: number, height: number, width: number, channels: number];
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Above, to the left, below, to the right. */
  readonly padding: readonly [number, number, number, number];
  /** Images of the call. */
  readonly called?: number;
}

/** Windows of MobileNetV2 and V3, of others, and maps that no tile divides. */
export const DEPTHWISE_SPECS: readonly DepthwiseSpec[] = [
  { input: [1, 1, 1, 1], kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] },
  { input: [3, 9, 11, 13], kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], called: 2 },
  { input: [2, 8, 8, 66], kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
  { input: [2, 7, 10, 5], kernel: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] },
  { input: [1, 13, 6, 7], kernel: [5, 5], stride: [1, 1], padding: [2, 2, 2, 2] },
  { input: [2, 11, 9, 24], kernel: [5, 5], stride: [2, 2], padding: [2, 2, 2, 2], called: 1 },
  { input: [1, 10, 7, 3], kernel: [2, 4], stride: [3, 1], padding: [0, 3, 1, 0] },
  { input: [2, 6, 5, 4], kernel: [1, 1], stride: [2, 2], padding: [0, 0, 0, 0] },
];

export function nameOfDepthwise(kernel: string, spec: DepthwiseSpec): string {
  const { input, stride, padding, called } = spec;
  return `${kernel} ${spec.kernel.join(' × ')} of ${input.join(' × ')} by ${stride.join(' × ')}, padding ${padding}${called ? `, ${called} images` : ''}`;
}

/** The window, maps' sizes and numbers of a case; what the oracles look at is of the call's images. */
export function depthwiseProblem({ input: size, padding: sides, ...spec }: DepthwiseSpec) {
  const [images, height, width, channels] = size;
  const [top, left, bottom, right] = sides;
  const { kernel, stride, called = images } = spec;
  const window = { kernel, stride, padding: { top, left, bottom, right } };
  const input = { images, height, width, channels };
  const output = { images, channels, ...windowPositions(window, input) };
  const numbers = (map: typeof input) => map.images * map.height * map.width * map.channels;
  const weights = randomNumbers(kernel[0] * kernel[1] * channels, 2);
  const [x, slopes] = [randomNumbers(numbers(input), 1), randomNumbers(numbers(output), 4)];
  const mapElement =
    (data: Float32Array, map: typeof input): MapElement =>
    (image, row, column, channel) =>
      data[((image * map.height + row) * map.width + column) * map.channels + channel] ??
      Number.NaN;
  return {
    window,
    called,
    input,
    output,
    taps: kernel[0] * kernel[1],
    x,
    slopes,
    weights,
    biases: randomNumbers(channels, 3),
    /** How many numbers of a map are of the call's images. */
    seen: (map: typeof input) => called * (numbers(map) / map.images),
    oracle: {
      images: called,
      channels,
      input,
      output,
      kernel,
      stride,
      top,
      left,
      x: mapElement(x, input),
      gradient: mapElement(slopes, output),
    },
    weight: (c: number, ky: number, kx: number) =>
      weights[(ky * kernel[1] + kx) * channels + c] ?? Number.NaN,
  };
}
