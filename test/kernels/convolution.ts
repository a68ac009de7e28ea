import { requireWithin } from '../../bench/check.js';
import type { MapActivation } from '../../shaders/activations.js';
import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareConvolution } from '../../src/kernels/convolution.js';
import { CONVOLUTION_TILES } from '../../src/kernels/convolution-tile.js';
import { packFilter } from '../../src/kernels/pack-weights.js';
import { convolutionReference, mapPlaces } from '../../src/reference/convolution.js';
import { type KernelCase, randomNumbers } from './case.js';
import {
  AROUND,
  type ConvolutionShape,
  convolutionSizes,
  mapElement,
  variantCases,
  weightElement,
} from './convolution-shape.js';
import { writtenValues } from './memory.js';

interface Spec extends ConvolutionShape {
  readonly bias?: true;
  readonly residual?: true;
  readonly activation?: MapActivation;
  /** Where not the last, which a software adapter compiles in the least time. */
  readonly tiles?: Partial<Record<MatmulVariant, ConvolutionTile>>;
}

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
    tiles: { subgroup: [4, 16] },
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
  {
    input: [2, 8, 12, 13],
    outputs: 10,
    kernel: [3, 3],
    stride: [2, 2],
    padding: [0, 0, 1, 1],
    tiles: { subgroup: [8, 4] },
  },
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

export const convolutionCases: readonly KernelCase[] = SPECS.flatMap((spec) => {
  const { bias, residual, activation, tiles } = spec;
  const more = [bias && 'bias', residual && 'residual', activation];
  return variantCases('convolution', spec, more, async (variant, device, memory) => {
    const { images, called, window, input, output, filter, groups, problem } =
      convolutionSizes(spec);
    const x = randomNumbers(images * input.height * input.width * input.channels, 1);
    const weight = randomNumbers(
      filter.outputs * filter.channels * filter.kernel[0] * filter.kernel[1],
      2,
    );
    const biases = randomNumbers(output.channels, 3);
    const added = randomNumbers(images * output.height * output.width * output.channels, 4);
    const packed = packFilter(weight, filter);
    const out = memory.map({ images, ...output });
    const run = await prepareConvolution(device, {
      ...window,
      input: memory.map({ images, ...input }, x),
      weights: memory.weights(packed.length / output.channels, output.channels, packed),
      output: out,
      groups,
      ...(bias && { bias: memory.weights(1, output.channels, biases) }),
      ...(residual && { residual: memory.map({ images, ...output }, added) }),
      ...(activation && { activation }),
      variant,
      tile: tiles?.[variant] ?? CONVOLUTION_TILES[variant].at(-1),
    });
    const commands = new Commands(device);
    run(commands, { images: called });
    await commands.finish();
    const reference = convolutionReference(
      {
        ...problem,
        x: mapElement(x, input),
        weight: weightElement(weight, filter),
        ...(bias && { bias: (o) => biases[o] ?? Number.NaN }),
        ...(residual && { residual: mapElement(added, output) }),
        activation: activation ?? 'none',
      },
      mapPlaces(called, output),
    );
    requireWithin(await writtenValues(out, called), reference);
  });
});
