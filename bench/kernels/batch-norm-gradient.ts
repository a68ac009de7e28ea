import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareBatchNormGradient } from '../../src/kernels/batch-norm-gradient.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { batchNormGradientReference } from '../../src/reference/batch-norm-gradient.js';
import { batchNormInput } from '../batch-norm.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import {
  MAP_BENCH,
  type MapShape,
  numbersOfMap,
  rowsOfMap,
  someChannels,
  squareMap,
} from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const batchNormGradientBench: KernelBench<MapShape> = {
  name: 'batch-norm-gradient',
  ...MAP_BENCH,
  operations: (shape) => 7 * numbersOfMap(shape),
  bytes: (shape) => 12 * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant }) => {
    const { channels } = shape;
    const { input, channel, given } = batchNormInput(scope, shape);
    const slopes = randomNumbers(numbersOfMap(shape), 5);
    const sums = randomNumbers(2 * channels, 6);
    const into = squareMap(scope, 'input gradient', shape);
    const run = await prepareBatchNormGradient(device, {
      ...given,
      activation: 'relu',
      gradient: squareMap(scope, 'gradient', shape, slopes),
      affineGradient: scope.matrix('affine gradient', [2, channels], { data: sums }),
      into,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const some = someChannels(shape);
        // All rows: the mean is over them.
        const every = spread(rowsOfMap(shape), rowsOfMap(shape));
        const seen = (data: Float32Array) => elementsAt(data, channels, every, some);
        const found = await readMatrix(into.matrix);
        requireWritten(found, 'input gradient');
        const reference = batchNormGradientReference({
          channels: some.map(channel),
          input: seen(input),
          gradient: seen(slopes),
          activation: 'relu',
          affineGradient: elementsAt(sums, channels, [0, 1], some),
        });
        requireWithin(seen(found), reference, 'input gradient');
      },
    };
  },
};
