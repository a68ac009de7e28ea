import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareBatchNormGradientSums } from '../../src/kernels/batch-norm-gradient-sums.js';
import { type RowWalkVariant, sumsWalk } from '../../src/kernels/row-walk.js';
import { batchNormGradientSumsReference } from '../../src/reference/batch-norm-gradient-sums.js';
import { batchNormInput } from '../batch-norm.js';
import { elementsAt, requireWithin, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import {
  blankRows,
  MAP_BENCH,
  MAP_SHAPES,
  type MapShape,
  numbersOfMap,
  rowsOfMap,
  someChannels,
  squareMap,
} from '../maps.js';
import { randomNumbers } from '../numbers.js';

type Shape = MapShape & { readonly residual?: 1 };

export const batchNormGradientSumsBench: KernelBench<Shape> = {
  name: 'batch-norm-gradient-sums',
  ...MAP_BENCH,
  shapes: MAP_SHAPES.flatMap((shape) => [shape, { ...shape, residual: 1 }]),
  operations: (shape) => 5 * numbersOfMap(shape),
  bytes: (shape) => (shape.residual ? 16 : 8) * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant: asked }) => {
    const variant = asked as RowWalkVariant;
    const { channels } = shape;
    const { input, channel, given } = batchNormInput(scope, shape);
    const slopes = randomNumbers(numbersOfMap(shape), 5);
    const outputs = randomNumbers(numbersOfMap(shape), 6);
    const { slices } = sumsWalk(given.input, variant);
    const sums = blankRows(scope, 'sums', 2 * slices, channels);
    const run = await prepareBatchNormGradientSums(device, {
      ...given,
      activation: 'relu',
      gradient: squareMap(scope, 'gradient', shape, slopes),
      output: shape.residual ? squareMap(scope, 'output', shape, outputs) : undefined,
      sums,
      variant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const some = someChannels(shape);
        const every = spread(rowsOfMap(shape), rowsOfMap(shape));
        const seen = (data: Float32Array) => elementsAt(data, channels, every, some);
        const reference = batchNormGradientSumsReference({
          channels: some.map(channel),
          input: seen(input),
          gradient: seen(slopes),
          activation: 'relu',
          output: shape.residual ? seen(outputs) : undefined,
        });
        const parts = await readMatrix(sums);
        const totals = new Float64Array(2 * channels);
        parts.forEach((part, at) => {
          totals[at % totals.length] = (totals[at % totals.length] ?? 0) + part;
        });
        requireWithin(elementsAt(totals, channels, [0, 1], some), reference.sums, 'sums');
      },
    };
  },
};
