import type { Scope } from '../src/gpu/scope.js';
import { type FeatureMap, featureMap } from '../src/kernels/feature-map.js';
import { packedRows, packFilter } from '../src/kernels/pack-weights.js';
import { type Window, windowPositions } from '../src/kernels/window.js';
import type { MapElement, OutputPlace } from '../src/reference/convolution.js';
import { spread } from './check.js';
import { WITHIN_BOUND } from './kernel.js';
import { nans, randomNumbers } from './numbers.js';
import { rivalry } from './peers/contender.js';
import type { PeerWorks } from './peers/peer.js';

/** Square images, and a square window padded so that steps of one keep their size. */
export type ConvolutionShape = {
  readonly images: number;
  readonly size: number;
  readonly channels: number;
  readonly outputs: number;
  /** 3 by default. */
  readonly kernel?: number;
  /** 1 by default. */
  readonly stride?: number;
};

/** Those of ResNet-20 for CIFAR-10, and of wider networks. */
export const CONVOLUTION_SHAPES: readonly ConvolutionShape[] = [
  { images: 32, size: 32, channels: 16, outputs: 16 },
  { images: 32, size: 16, channels: 32, outputs: 32 },
  { images: 32, size: 8, channels: 64, outputs: 64 },
  { images: 32, size: 32, channels: 3, outputs: 16 },
  { images: 32, size: 32, channels: 16, outputs: 32, stride: 2 },
  { images: 32, size: 16, channels: 32, outputs: 64, stride: 2 },
  { images: 32, size: 32, channels: 64, outputs: 64 },
  { images: 32, size: 32, channels: 13, outputs: 7 },
  { images: 32, size: 32, channels: 16, outputs: 96, kernel: 1 },
];

/** Those of ResNet-34 for CIFAR-10. */
export const LARGE_CONVOLUTION_SHAPES: readonly ConvolutionShape[] = [
  { images: 128, size: 32, channels: 64, outputs: 64 },
  { images: 128, size: 32, channels: 64, outputs: 128, stride: 2 },
  { images: 128, size: 16, channels: 128, outputs: 128 },
  { images: 128, size: 8, channels: 256, outputs: 256 },
  { images: 128, size: 4, channels: 512, outputs: 512 },
];

interface Map {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The window of a shape, and the sizes that follow from it. */
export function convolutionSizes({
  size,
  channels,
  outputs,
  kernel = 3,
  stride = 1,
}: ConvolutionShape) {
  const around = (kernel - 1) / 2;
  const window: Window = {
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: { top: around, left: around, bottom: around, right: around },
  };
  const input = { height: size, width: size };
  return {
    window,
    filter: { outputs, channels, kernel: window.kernel },
    input: { ...input, channels },
    output: { ...windowPositions(window, input), channels: outputs },
  };
}

/** The sizes as an oracle takes them. */
export function oracleSizes(shape: ConvolutionShape) {
  const { window, input, output } = convolutionSizes(shape);
  const { kernel, stride, padding } = window;
  return { input, output, kernel, stride, top: padding.top, left: padding.left, groups: 1 };
}

/** Multiply-adds twice, those on the zeros around a map too. */
export function convolutionOperations(shape: ConvolutionShape): number {
  const { images, channels, outputs, kernel = 3 } = shape;
  const { height, width } = convolutionSizes(shape).output;
  return 2 * images * height * width * outputs * channels * kernel ** 2;
}

/** Input, output and weights once, whichever of them is computed from the others. */
export function convolutionBytes(shape: ConvolutionShape): number {
  const { input, output, filter } = convolutionSizes(shape);
  const values = (map: Map) => map.height * map.width * map.channels;
  const weights = filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1];
  return 4 * (shape.images * (values(input) + values(output)) + weights);
}

/** Input [images, rows, columns, channels], the output's gradient, and a weight as PyTorch shapes it. */
export function convolutionOperands(shape: ConvolutionShape) {
  const { input, output, filter } = convolutionSizes(shape);
  const values = (map: Map) => shape.images * map.height * map.width * map.channels;
  return {
    input: randomNumbers(values(input), 1),
    gradient: randomNumbers(values(output), 3),
    weight: randomNumbers(
      filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1],
      2,
    ),
  };
}

/** A map of these values, or of NaN. */
export function imageMap(
  scope: Scope,
  label: string,
  { images, height, width, channels }: Map & { readonly images: number },
  data?: Float32Array,
): FeatureMap {
  const rows = images * height * width;
  const matrix = scope.matrix(label, [rows, channels], { data: data ?? nans(rows * channels) });
  return featureMap(matrix, { height, width });
}

export function weightsOn(scope: Scope, shape: ConvolutionShape, weight: Float32Array) {
  const { filter } = convolutionSizes(shape);
  return scope.matrix('weights', [packedRows(filter), filter.outputs], {
    data: packFilter(weight, filter),
  });
}

export function mapElements(data: Float32Array, { height, width, channels }: Map): MapElement {
  return (n, y, x, c) => data[((n * height + y) * width + x) * channels + c] ?? Number.NaN;
}

export function weightElements(data: Float32Array, shape: ConvolutionShape) {
  const { channels, kernel } = convolutionSizes(shape).filter;
  return (o: number, c: number, ky: number, kx: number) =>
    data[((o * channels + c) * kernel[0] + ky) * kernel[1] + kx] ?? Number.NaN;
}

/** A sample of a map's places, borders among them. */
export function samplePlaces(
  images: number,
  { height, width, channels }: Map,
): readonly OutputPlace[] {
  return spread(images, 3).flatMap((image) =>
    spread(height, 5).flatMap((y) =>
      spread(width, 5).flatMap((x) =>
        spread(channels, 8).map((channel): OutputPlace => [image, y, x, channel]),
      ),
    ),
  );
}

/** Peers at one of these works, their answers judged as this library's own is. */
export function convolutionRivalry(
  work: 'convolution' | 'convolutionDataGradient' | 'convolutionWeightGradient',
  requireRight: (shape: ConvolutionShape, answer: Float32Array) => void,
) {
  return rivalry(
    (works: PeerWorks) => works[work],
    async (_context, shape: ConvolutionShape) => {
      const { window, output } = convolutionSizes(shape);
      return {
        task: {
          ...shape,
          ...convolutionOperands(shape),
          kernel: window.kernel[0],
          stride: window.stride[0],
          padding: window.padding.top,
          outputSize: output.height,
        },
        check: (answer: Float32Array) => {
          requireRight(shape, answer);
          return WITHIN_BOUND;
        },
        cost: () => ({ operations: convolutionOperations(shape), bytes: convolutionBytes(shape) }),
      };
    },
  );
}
