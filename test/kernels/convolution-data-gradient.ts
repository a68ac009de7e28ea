import { requireWithin } from '../../bench/check.js';
import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareConvolutionDataGradient } from '../../src/kernels/convolution-data-gradient.js';
import { CONVOLUTION_TILES } from '../../src/kernels/convolution-tile.js';
import { packedRows, packFilter } from '../../src/kernels/pack-weights.js';
import { mapPlaces } from '../../src/reference/convolution.js';
import { dataGradientReference } from '../../src/reference/convolution-data-gradient.js';
import { transposeWeightsReference } from '../../src/reference/transpose-weights.js';
import { type KernelCase, randomNumbers } from './case.js';
import {
  AROUND,
  type ConvolutionShape,
  convolutionSizes,
  mapElement,
  variantCases,
  weightElement,
} from './convolution-shape.js';
import { readOwnValues, writtenValues } from './memory.js';

interface Spec extends ConvolutionShape {
  readonly accumulate?: true;
  readonly tiles?: Partial<Record<MatmulVariant, ConvolutionTile>>;
}

const SPECS: readonly Spec[] = [
  { input: [1, 1, 1, 1], outputs: 1, kernel: [1, 1] },
  {
    input: [3, 5, 9, 7],
    outputs: 13,
    kernel: [3, 3],
    padding: AROUND,
    called: 2,
    tiles: { subgroup: [4, 16] },
  },
  { input: [2, 7, 6, 17], outputs: 5, kernel: [3, 3], padding: AROUND, accumulate: true },
  { input: [2, 9, 11, 6], outputs: 10, kernel: [3, 3], stride: [2, 2], padding: AROUND },
  {
    input: [2, 8, 6, 5],
    outputs: 9,
    kernel: [3, 3],
    stride: [2, 2],
    padding: [0, 0, 1, 1],
    accumulate: true,
  },
  // Three of four positions are seen by no tap.
  { input: [3, 7, 6, 6], outputs: 18, kernel: [1, 1], stride: [2, 2] },
  { input: [3, 6, 7, 6], outputs: 3, kernel: [1, 1], stride: [2, 2], accumulate: true, called: 2 },
  { input: [2, 1, 1, 6], outputs: 7, kernel: [1, 1], stride: [2, 2] },
  { input: [37, 1, 1, 67], outputs: 10, kernel: [1, 1] },
  // The last rows and columns are seen by no tap, and windows begin far before the map.
  {
    input: [1, 12, 14, 3],
    outputs: 5,
    kernel: [2, 5],
    stride: [3, 2],
    padding: [1, 4, 0, 1],
  },
  { input: [2, 5, 6, 6], outputs: 9, kernel: [3, 3], stride: [2, 1], padding: AROUND, groups: 3 },
];

/** Both ways of the window, every class of a stride, classes without taps, and what is added to. */
export const convolutionDataGradientCases: readonly KernelCase[] = SPECS.flatMap((spec) => {
  const { accumulate = false, tiles } = spec;
  const more = [accumulate && 'added'];
  return variantCases('convolution-data-gradient', spec, more, async (variant, device, memory) => {
    const { images, called, window, input, output, filter, groups, problem } =
      convolutionSizes(spec);
    const taps = filter.kernel[0] * filter.kernel[1];
    const gradient = randomNumbers(images * output.height * output.width * output.channels, 1);
    const weight = randomNumbers(filter.outputs * filter.channels * taps, 2);
    const before = randomNumbers(images * input.height * input.width * input.channels, 3);
    const turned = {
      channels: output.channels / groups,
      outputs: input.channels,
      kernel: filter.kernel,
    };
    const transposed = transposeWeightsReference(packFilter(weight, filter), {
      taps,
      channels: filter.channels,
      channelRows: packedRows(filter) / taps,
      outputs: output.channels / groups,
      outputRows: packedRows(turned) / taps,
      groups,
    });
    const inputGradient = memory.map({ images, ...input }, accumulate ? before : undefined);
    const run = await prepareConvolutionDataGradient(device, {
      ...window,
      outputGradient: memory.map({ images, ...output }, gradient),
      weights: memory.weights(packedRows(turned), input.channels, Float32Array.from(transposed)),
      inputGradient,
      groups,
      accumulate,
      variant,
      tile: tiles?.[variant] ?? CONVOLUTION_TILES[variant].at(-1),
    });
    const commands = new Commands(device);
    run(commands, { images: called });
    await commands.finish();
    const reference = dataGradientReference(
      {
        ...problem,
        gradient: mapElement(gradient, output),
        weight: weightElement(weight, filter),
        ...(accumulate && { before: mapElement(before, input) }),
      },
      mapPlaces(called, input),
    );
    const size = called * input.height * input.width * input.channels;
    requireWithin(
      accumulate
        ? (await readOwnValues(inputGradient.matrix)).subarray(0, size)
        : await writtenValues(inputGradient, called),
      reference,
    );
  });
});
