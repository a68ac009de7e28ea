import { MATMUL_VARIANTS } from '../shaders/matmul.wgsl.js';
import type { Scope } from '../src/gpu/scope.js';
import { packedRows, packFilter } from '../src/kernels/pack-weights.js';
import { matmulVariant } from '../src/kernels/variant.js';
import { type Window, windowPositions } from '../src/kernels/window.js';
import type { Bounded } from '../src/reference/bound.js';
import type { OutputPlace } from '../src/reference/convolution.js';
import { requireWithin, requireWritten, spread } from './check.js';
import { type KernelBench, WITHIN_BOUND } from './kernel.js';
import { type MapExtent, mapElements } from './maps.js';
import { randomNumbers } from './numbers.js';
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
const CONVOLUTION_SHAPES: readonly ConvolutionShape[] = [
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
const LARGE_CONVOLUTION_SHAPES: readonly ConvolutionShape[] = [
  { images: 128, size: 32, channels: 64, outputs: 64 },
  { images: 128, size: 32, channels: 64, outputs: 128, stride: 2 },
  { images: 128, size: 16, channels: 128, outputs: 128 },
  { images: 128, size: 8, channels: 256, outputs: 256 },
  { images: 128, size: 4, channels: 512, outputs: 512 },
];

/** The window of a shape, and the sizes that follow from it. */
export function convolutionSizes({
  images,
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
    input: { images, ...input, channels },
    output: { images, ...windowPositions(window, input), channels: outputs },
  };
}

/** The sizes as an oracle takes them. */
export function oracleSizes(shape: ConvolutionShape) {
  const { window, input, output } = convolutionSizes(shape);
  const { kernel, stride, padding } = window;
  return { input, output, kernel, stride, top: padding.top, left: padding.left, groups: 1 };
}

/** Two for each multiply-add, those with the zeros around a map included. */
function convolutionOperations(shape: ConvolutionShape): number {
  const { images, channels, outputs, kernel = 3 } = shape;
  const { height, width } = convolutionSizes(shape).output;
  return 2 * images * height * width * outputs * channels * kernel ** 2;
}

type ImageMap = MapExtent & { readonly images: number };

function mapValues({ images, height, width, channels }: ImageMap): number {
  return images * height * width * channels;
}

/** Input, output and weights once: two of them are read, the third is written. */
function convolutionBytes(shape: ConvolutionShape): number {
  const { input, output, filter } = convolutionSizes(shape);
  const weights = filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1];
  return 4 * (mapValues(input) + mapValues(output) + weights);
}

/** Input [images, rows, columns, channels], the output's gradient, and a weight as PyTorch shapes it. */
export function convolutionOperands(shape: ConvolutionShape) {
  const { input, output, filter } = convolutionSizes(shape);
  return {
    input: randomNumbers(mapValues(input), 1),
    gradient: randomNumbers(mapValues(output), 3),
    weight: randomNumbers(
      filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1],
      2,
    ),
  };
}

export function weightsOn(scope: Scope, shape: ConvolutionShape, weight: Float32Array) {
  const { filter } = convolutionSizes(shape);
  return scope.matrix('weights', [packedRows(filter), filter.outputs], {
    data: packFilter(weight, filter),
  });
}

export function weightElements(data: Float32Array, shape: ConvolutionShape) {
  const { channels, kernel } = convolutionSizes(shape).filter;
  return (o: number, c: number, ky: number, kx: number) =>
    data[((o * channels + c) * kernel[0] + ky) * kernel[1] + kx] ?? Number.NaN;
}

/** A sample of a map's places, borders among them. */
function samplePlaces({ images, height, width, channels }: ImageMap): readonly OutputPlace[] {
  return spread(images, 3).flatMap((image) =>
    spread(height, 5).flatMap((y) =>
      spread(width, 5).flatMap((x) =>
        spread(channels, 8).map((channel): OutputPlace => [image, y, x, channel]),
      ),
    ),
  );
}

/** @throws when a value of the map is missing, or one of a sample outside its oracle's bound. */
export function requireMap(
  result: Float32Array,
  map: ImageMap,
  oracle: (places: readonly OutputPlace[]) => Bounded,
): void {
  requireWritten(result);
  const places = samplePlaces(map);
  const found = mapElements(result, map);
  requireWithin(
    Float64Array.from(places, (place) => found(...place)),
    oracle(places),
  );
}

/** What the records of the three kernels have in common. */
export const CONVOLUTION_BENCH = {
  shapes: CONVOLUTION_SHAPES,
  hardwareShapes: LARGE_CONVOLUTION_SHAPES,
  variants: MATMUL_VARIANTS,
  preferred: matmulVariant,
  operations: convolutionOperations,
  bytes: convolutionBytes,
} as const satisfies Partial<KernelBench<ConvolutionShape>>;

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
