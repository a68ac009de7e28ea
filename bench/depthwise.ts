import type { Scope } from '../src/gpu/scope.js';
import { windowPositions } from '../src/kernels/window.js';
import type { KernelBench } from './kernel.js';
import {
  imageMap,
  type MapShape,
  mapElements,
  numbersOfMap,
  someChannels,
  squareMap,
} from './maps.js';
import { randomNumbers } from './numbers.js';

/** A window of `kernel` rows and columns, padded so that steps of one keep the map's size. */
export type DepthwiseShape = MapShape & { readonly kernel: number; readonly stride: number };

/** Those of MobileNetV2 for CIFAR-10. */
const DEPTHWISE_SHAPES: readonly DepthwiseShape[] = [
  { images: 8, size: 32, channels: 96, kernel: 3, stride: 1 },
  { images: 8, size: 32, channels: 144, kernel: 3, stride: 2 },
  { images: 32, size: 4, channels: 960, kernel: 3, stride: 1 },
  { images: 8, size: 16, channels: 72, kernel: 5, stride: 1 },
];

const LARGE_DEPTHWISE_SHAPES: readonly DepthwiseShape[] = [
  { images: 128, size: 32, channels: 96, kernel: 3, stride: 1 },
  { images: 128, size: 112, channels: 96, kernel: 3, stride: 2 },
];

function depthwiseWindow({ kernel, stride }: DepthwiseShape) {
  const side = (kernel - 1) / 2;
  return {
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: { top: side, left: side, bottom: side, right: side },
  } as const;
}

function outputSize(shape: DepthwiseShape) {
  return windowPositions(depthwiseWindow(shape), { height: shape.size, width: shape.size });
}

/** Two for each multiply-add, those with the zeros around a map included. */
function depthwiseOperations(shape: DepthwiseShape): number {
  const { height, width } = outputSize(shape);
  return 2 * shape.images * height * width * shape.channels * shape.kernel ** 2;
}

/** Input or its gradient, output or its gradient, and the weights, each once. */
function depthwiseBytes(shape: DepthwiseShape): number {
  const { height, width } = outputSize(shape);
  const outputs = shape.images * height * width * shape.channels;
  return 4 * (numbersOfMap(shape) + outputs + shape.kernel ** 2 * shape.channels);
}

/** What the records of the three kernels have in common. */
export const DEPTHWISE_BENCH = {
  shapes: DEPTHWISE_SHAPES,
  hardwareShapes: LARGE_DEPTHWISE_SHAPES,
  operations: depthwiseOperations,
  bytes: depthwiseBytes,
} as const satisfies Partial<KernelBench<DepthwiseShape>>;

/** Maps and weights on the GPU, the output to be written, and what the oracles look at. */
export function depthwiseMaps(scope: Scope, shape: DepthwiseShape) {
  const { images, size, channels, kernel } = shape;
  const window = depthwiseWindow(shape);
  const extent = outputSize(shape);
  const output = { images, ...extent, channels };
  const count = images * extent.height * extent.width * channels;
  const x = randomNumbers(numbersOfMap(shape), 1);
  const slopes = randomNumbers(count, 2);
  const filter = randomNumbers(kernel ** 2 * channels, 3);
  const input = { height: size, width: size, channels };
  return {
    window,
    input: squareMap(scope, 'input', shape, x),
    output: imageMap(scope, 'output', output),
    gradient: imageMap(scope, 'gradient', output, slopes),
    weights: scope.matrix('filter', [kernel ** 2, channels], { data: filter }),
    weight: (c: number, ky: number, kx: number) =>
      filter[(ky * kernel + kx) * channels + c] ?? Number.NaN,
    some: someChannels(shape),
    oracle: {
      images,
      channels,
      input,
      output,
      kernel: window.kernel,
      stride: window.stride,
      top: window.padding.top,
      left: window.padding.left,
      x: mapElements(x, input),
      gradient: mapElements(slopes, output),
    },
  };
}
