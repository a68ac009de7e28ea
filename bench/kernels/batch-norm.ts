import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareBatchNorm } from '../../src/kernels/batch-norm.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { batchNormReference } from '../../src/reference/batch-norm.js';
import { batchNormInput } from '../batch-norm.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import {
  MAP_BENCH,
  MAP_SHAPES,
  type MapShape,
  numbersOfMap,
  someRows,
  squareMap,
} from '../maps.js';
import { randomNumbers } from '../numbers.js';

type BatchNormShape = MapShape & { readonly residual?: 1 };

export const batchNormBench: KernelBench<BatchNormShape> = {
  name: 'batch-norm',
  ...MAP_BENCH,
  shapes: MAP_SHAPES.flatMap((shape) => [shape, { ...shape, residual: 1 }]),
  operations: (shape) => (shape.residual ? 5 : 4) * numbersOfMap(shape),
  bytes: (shape) => (shape.residual ? 12 : 8) * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant }) => {
    const { input, channel, given } = batchNormInput(scope, shape);
    const residual = randomNumbers(numbersOfMap(shape), 5);
    const output = squareMap(scope, 'output', shape);
    const run = await prepareBatchNorm(device, {
      ...given,
      residual: shape.residual ? squareMap(scope, 'residual', shape, residual) : undefined,
      activation: 'relu',
      output,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const { channels } = shape;
        const seen = (data: Float32Array) =>
          elementsAt(data, channels, someRows(shape), spread(channels, channels));
        const found = await readMatrix(output.matrix);
        requireWritten(found);
        const reference = batchNormReference({
          channels: spread(channels, channels).map(channel),
          input: seen(input),
          residual: shape.residual ? seen(residual) : undefined,
          activation: 'relu',
        });
        requireWithin(seen(found), reference);
      },
    };
  },
};
