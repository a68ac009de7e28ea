import type { MapActivation } from '../../shaders/activations.js';
import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import { MATMUL_VARIANTS, type MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareConvolution } from '../../src/kernels/convolution.js';
import { CONVOLUTION_TILES } from '../../src/kernels/convolution-tile.js';
import { packFilter } from '../../src/kernels/pack-weights.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { type Pair, type Window, windowPositions } from '../../src/kernels/window.js';
import { convolutionReference, placesOf } from '../../src/reference/convolution.js';
import { type KernelCase, randomNumbers, requireWithin } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

interface Spec {
  /** Images, rows, columns, channels. */
  readonly input: readonly [images: number, height: number, width: number, channels: number];
  readonly outputs: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  /** Above, to the left, below, to the right. */
  readonly padding?: readonly [number, number, number, number];
  readonly groups?: number;
  readonly bias?: true;
  readonly residual?: true;
  readonly activation?: MapActivation;
  /** Of a call for fewer images than there are. */
  readonly called?: number;
  /** Where not the smallest, for which a software adapter compiles least. */
  readonly tiles?: Partial<Record<MatmulVariant, ConvolutionTile>>;
}

const AROUND = [1, 1, 1, 1] as const;

const SPECS: readonly Spec[] = [
  { input: [1, 1, 1, 1], outputs: 1, kernel: [1, 1] },
  { input: [2, 5, 7, 3], outputs: 16, kernel: [3, 3], padding: AROUND },
  {
    input: [3, 9, 11, 7],
    outputs: 13,
    kernel: [3, 3],
    padding: AROUND,
    bias: true,
    residual: true,
    activation: 'relu',
    called: 2,
  },
  { input: [1, 13, 19, 5], outputs: 37, kernel: [3, 3], tiles: { subgroup: [8, 16] } },
  {
    input: [5, 9, 8, 16],
    outputs: 7,
    kernel: [3, 3],
    padding: AROUND,
    tiles: { subgroup: [8, 8] },
  },
  {
    input: [2, 11, 10, 9],
    outputs: 20,
    kernel: [3, 3],
    stride: [2, 2],
    padding: AROUND,
    bias: true,
    activation: 'relu6',
    tiles: { tiled: [64, 32] },
  },
  // As TensorFlow pads an even map in steps of two.
  { input: [2, 8, 12, 13], outputs: 10, kernel: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] },
  { input: [3, 7, 5, 6], outputs: 18, kernel: [1, 1], stride: [2, 2] },
  {
    input: [7, 5, 3, 21],
    outputs: 131,
    kernel: [1, 1],
    residual: true,
    activation: 'hard-swish',
    called: 6,
    tiles: { subgroup: [16, 16], tiled: [128, 128] },
  },
  { input: [37, 1, 1, 67], outputs: 10, kernel: [1, 1], bias: true, tiles: { tiled: [64, 64] } },
  { input: [1, 17, 23, 3], outputs: 5, kernel: [7, 7], stride: [2, 2], padding: [3, 3, 3, 3] },
  {
    input: [2, 6, 9, 4],
    outputs: 3,
    kernel: [2, 5],
    stride: [3, 1],
    padding: [1, 2, 0, 3],
    activation: 'sigmoid',
    tiles: { lanes: [8, 4], subgroup: [16, 4] },
  },
  // A filter as large as its map, as the first linear layer behind a flattened map.
  { input: [4, 3, 2, 6], outputs: 11, kernel: [3, 2], bias: true, activation: 'hard-sigmoid' },
  { input: [2, 5, 6, 6], outputs: 9, kernel: [3, 3], padding: AROUND, groups: 3, residual: true },
  {
    input: [3, 5, 7, 10],
    outputs: 14,
    kernel: [3, 1],
    stride: [2, 1],
    padding: [1, 0, 1, 0],
    groups: 2,
    bias: true,
    activation: 'relu',
    called: 2,
  },
];

/** All variants that this adapter can run, each on every shape; those in groups have one. */
export const convolutionCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  MATMUL_VARIANTS.slice(0, spec.groups ? 1 : undefined).map((variant) => {
    const name = `convolution ${spec.groups ? 'grouped' : variant} ${describe(spec)}`;
    const { run } = memoryCase(name, async (device, memory) => {
      const { input, outputs, kernel, stride = [1, 1], groups = 1, activation = 'none' } = spec;
      const [images, height, width, channels] = input;
      const [top, left, bottom, right] = spec.padding ?? [0, 0, 0, 0];
      const window: Window = { kernel, stride, padding: { top, left, bottom, right } };
      const from = { height, width, channels };
      const to = { ...windowPositions(window, from), channels: outputs };
      const filter = { outputs, channels: channels / groups, kernel };
      const taps = kernel[0] * kernel[1];
      const x = randomNumbers(images * height * width * channels, 1);
      const weight = randomNumbers(outputs * filter.channels * taps, 2);
      const bias = spec.bias && randomNumbers(outputs, 3);
      const residual = spec.residual && randomNumbers(images * to.height * to.width * outputs, 4);
      const packed = packFilter(weight, filter);
      const output = memory.map({ images, ...to });
      const run = await prepareConvolution(device, {
        ...window,
        input: memory.map({ images, ...from }, x),
        weights: memory.weights(packed.length / outputs, outputs, packed),
        output,
        groups,
        bias: bias && memory.weights(1, outputs, bias),
        residual: residual && memory.map({ images, ...to }, residual),
        activation,
        variant,
        tile: spec.tiles?.[variant] ?? CONVOLUTION_TILES[variant].at(spec.groups ? 0 : -1),
      });
      const called = spec.called ?? images;
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      const element =
        (data: Float32Array, { height, width, channels }: typeof from) =>
        (n: number, y: number, x: number, c: number) =>
          data[((n * height + y) * width + x) * channels + c] ?? Number.NaN;
      const reference = convolutionReference(
        {
          input: from,
          output: to,
          kernel,
          stride,
          top,
          left,
          groups,
          x: element(x, from),
          weight: (o, c, ky, kx) =>
            weight[((o * filter.channels + c) * kernel[0] + ky) * kernel[1] + kx] ?? Number.NaN,
          bias: bias && ((o) => bias[o] ?? Number.NaN),
          residual: residual && element(residual, to),
          activation,
        },
        placesOf(called, to),
      );
      requireWithin(await writtenValues(output, called), reference);
    });
    return {
      name,
      run: async (device) => {
        if (variant !== 'subgroup' || matmulVariant(device) === 'subgroup') await run(device);
      },
    };
  }),
);

function describe(spec: Spec): string {
  const { input, outputs, kernel, stride, padding, groups, bias, residual, activation } = spec;
  return [
    `${input.join(' × ')} to ${outputs} by ${kernel.join(' × ')}`,
    stride && `steps ${stride.join(' × ')}`,
    padding && `padded ${padding.join(' ')}`,
    groups && `${groups} groups`,
    bias && 'bias',
    residual && 'residual',
    activation,
    spec.called && `${spec.called} images`,
  ]
    .filter(Boolean)
    .join(', ');
}
