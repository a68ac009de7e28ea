import { MATMUL_VARIANTS, type MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareConvolution } from '../../src/kernels/convolution.js';
import { featureMap } from '../../src/kernels/feature-map.js';
import { packedRows, packFilter } from '../../src/kernels/pack-weights.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { type Window, windowPositions } from '../../src/kernels/window.js';
import { convolutionReference, type OutputPlace } from '../../src/reference/convolution.js';
import { requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

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

/** The window of a shape, and the sizes that follow from it. */
export function convolutionOf({
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

/** Multiply-adds twice, those on the zeros around a map too. */
export function convolutionOperations(shape: ConvolutionShape): number {
  const { images, channels, outputs, kernel = 3 } = shape;
  const { height, width } = convolutionOf(shape).output;
  return 2 * images * height * width * outputs * channels * kernel ** 2;
}

export const convolutionBench: KernelBench<ConvolutionShape> = {
  name: 'convolution',
  shapes: CONVOLUTION_SHAPES,
  hardwareShapes: LARGE_CONVOLUTION_SHAPES,
  variants: MATMUL_VARIANTS,
  preferred: matmulVariant,
  operations: convolutionOperations,
  bytes: (shape) => {
    const { input, output, filter } = convolutionOf(shape);
    const values = (map: typeof input) => map.height * map.width * map.channels;
    const weights = filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1];
    return 4 * (shape.images * (values(input) + values(output)) + weights);
  },
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, filter, input, output } = convolutionOf(shape);
    const { images } = shape;
    const [x, weight] = convolutionOperands(shape);
    const map = (label: string, { height, width, channels }: typeof input, data?: Float32Array) => {
      const rows = images * height * width;
      return featureMap(scope.matrix(label, rows, channels, data ?? nans(rows * channels)), {
        height,
        width,
      });
    };
    const out = map('output', output);
    const run = await prepareConvolution(device, {
      ...window,
      input: map('input', input, x),
      weights: scope.matrix(
        'weights',
        packedRows(filter),
        filter.outputs,
        packFilter(weight, filter),
      ),
      output: out,
      variant: variant as MatmulVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => requireConvolution(shape, await readMatrix(out.matrix)),
    };
  },
};

/** Input [images, height, width, channels] and weight as PyTorch shapes it. */
export function convolutionOperands(
  shape: ConvolutionShape,
): readonly [Float32Array, Float32Array] {
  const { images, size, channels, outputs, kernel = 3 } = shape;
  return [
    randomNumbers(images * size ** 2 * channels, 1),
    randomNumbers(outputs * channels * kernel ** 2, 2),
  ];
}

/** @throws when a value is missing, or one of a sample outside its oracle's bound. */
export function requireConvolution(shape: ConvolutionShape, result: Float32Array): void {
  const { window, input, output, filter } = convolutionOf(shape);
  const { kernel, stride, padding } = window;
  const [x, weights] = convolutionOperands(shape);
  requireWritten('output', result);
  const places = spread(shape.images, 3).flatMap((image) =>
    spread(output.height, 5).flatMap((y) =>
      spread(output.width, 5).flatMap((x) =>
        spread(output.channels, 8).map((o): OutputPlace => [image, y, x, o]),
      ),
    ),
  );
  const at = ([image, y, x, o]: OutputPlace) =>
    ((image * output.height + y) * output.width + x) * output.channels + o;
  const reference = convolutionReference(
    {
      input,
      output,
      kernel,
      stride,
      top: padding.top,
      left: padding.left,
      groups: 1,
      x: (n, y, column, c) =>
        x[((n * input.height + y) * input.width + column) * input.channels + c] ?? Number.NaN,
      weight: (o, c, ky, kx) =>
        weights[((o * filter.channels + c) * kernel[0] + ky) * kernel[1] + kx] ?? Number.NaN,
      activation: 'none',
    },
    places,
  );
  const sample = Float64Array.from(places, (place) => result[at(place)] ?? Number.NaN);
  requireWithin('output', sample, reference);
}
