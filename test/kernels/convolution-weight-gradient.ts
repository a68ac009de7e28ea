import { requireSame, requireWithin } from '../../bench/check.js';
import type { WeightGradientTile } from '../../shaders/convolution-weight-gradient.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { rowStride } from '../../src/gpu/matrix.js';
import { WEIGHT_GRADIENT_TILES } from '../../src/kernels/convolution-tile.js';
import {
  prepareConvolutionWeightGradient,
  weightGradientSlices,
} from '../../src/kernels/convolution-weight-gradient.js';
import { packedRows } from '../../src/kernels/pack-weights.js';
import {
  type WeightPlace,
  weightGradientReference,
} from '../../src/reference/convolution-weight-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import {
  AROUND,
  type ConvolutionShape,
  convolutionSizes,
  mapElement,
  variantCases,
} from './convolution-shape.js';
import { rowsWithPadding } from './memory.js';

interface Spec extends ConvolutionShape {
  readonly slices?: number;
  readonly tiles?: Partial<Record<MatmulVariant, WeightGradientTile>>;
}

const SPECS: readonly Spec[] = [
  { input: [1, 1, 1, 1], outputs: 1, kernel: [1, 1] },
  {
    input: [3, 5, 7, 7],
    outputs: 13,
    kernel: [3, 3],
    padding: AROUND,
    slices: 3,
    called: 2,
    tiles: { subgroup: [4, 16] },
  },
  {
    input: [2, 6, 9, 21],
    outputs: 37,
    kernel: [3, 3],
    padding: AROUND,
    slices: 2,
    tiles: { tiled: [64, 32], lanes: [8, 4] },
  },
  {
    input: [2, 9, 13, 5],
    outputs: 19,
    kernel: [3, 3],
    stride: [2, 2],
    padding: AROUND,
    tiles: { subgroup: [8, 8], tiled: [64, 64] },
  },
  // As TensorFlow pads an even map in steps of two; more slices than turns of the loop.
  {
    input: [1, 4, 6, 3],
    outputs: 10,
    kernel: [3, 3],
    stride: [2, 2],
    padding: [0, 0, 1, 1],
    slices: 9,
    tiles: { subgroup: [8, 4] },
  },
  { input: [5, 3, 5, 70], outputs: 131, kernel: [1, 1], slices: 4, tiles: { tiled: [128, 128] } },
  { input: [37, 1, 1, 6], outputs: 10, kernel: [1, 1], tiles: { subgroup: [16, 16] } },
  {
    input: [1, 7, 9, 2],
    outputs: 3,
    kernel: [2, 5],
    stride: [3, 1],
    padding: [1, 2, 0, 3],
    tiles: { subgroup: [2, 16] },
  },
  { input: [3, 5, 6, 6], outputs: 9, kernel: [3, 3], padding: AROUND, groups: 3, slices: 4 },
  { input: [2, 5, 6, 10], outputs: 14, kernel: [3, 1], stride: [2, 1], groups: 2, called: 1 },
];

/** Slices that are full, short or empty; what pads channels and outputs must be zero. */
export const convolutionWeightGradientCases: readonly KernelCase[] = SPECS.flatMap((spec) => {
  const { slices, tiles } = spec;
  const more = [slices && `${slices} slices`];
  return variantCases(
    'convolution-weight-gradient',
    spec,
    more,
    async (variant, device, memory) => {
      const { images, called, window, input, output, filter, groups, problem } =
        convolutionSizes(spec);
      const x = randomNumbers(images * input.height * input.width * input.channels, 1);
      const gradient = randomNumbers(images * output.height * output.width * output.channels, 2);
      const rows = packedRows(filter);
      const weightGradient = memory.map({
        images: 1,
        height: 1,
        width: rows,
        channels: output.channels,
      }).matrix;
      const sums = {
        ...window,
        input: memory.map({ images, ...input }, x),
        outputGradient: memory.map({ images, ...output }, gradient),
        weightGradient,
        groups,
        variant,
        tile: tiles?.[variant] ?? WEIGHT_GRADIENT_TILES[variant].at(-1),
        slices,
      };
      const parts = memory.map({
        images: weightGradientSlices(device, sums),
        height: 1,
        width: rows,
        channels: output.channels,
      });
      const run = await prepareConvolutionWeightGradient(device, { ...sums, parts: parts.matrix });
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      const places = filterPlaces(rows, filter, output.channels);
      const reference = weightGradientReference(
        {
          ...problem,
          images: called,
          x: mapElement(x, input),
          gradient: mapElement(gradient, output),
        },
        places.filter((place) => place !== undefined),
      );
      const all = await rowsWithPadding(weightGradient);
      requireWithin(
        all.filter((_, at) => places[at]),
        reference,
      );
      const padding = all.filter((_, at) => !places[at]);
      requireSame(padding, new Float32Array(padding.length));
    },
  );
});

/** What each number of the packed filter is of, in order; undefined where it is padding. */
function filterPlaces(
  rows: number,
  { channels, kernel }: { channels: number; kernel: readonly [number, number] },
  outputs: number,
): readonly (WeightPlace | undefined)[] {
  const stride = rowStride(outputs);
  const tapRows = rows / (kernel[0] * kernel[1]);
  return Array.from({ length: rows * stride }, (_, at) => {
    const [row, o] = [Math.floor(at / stride), at % stride];
    const [tap, c] = [Math.floor(row / tapRows), row % tapRows];
    if (o >= outputs || c >= channels) return undefined;
    return [Math.floor(tap / kernel[1]), tap % kernel[1], c, o];
  });
}
