import type { Scope } from '../src/gpu/scope.js';
import type { BatchNormChannel } from '../src/reference/batch-norm.js';
import { type MapShape, numbersOfMap, squareMap } from './maps.js';
import { randomNumbers } from './numbers.js';

/** A batch norm's map and channels, as they are and on the GPU. */
export function batchNormInput(scope: Scope, shape: MapShape) {
  const { channels: columns } = shape;
  const input = randomNumbers(numbersOfMap(shape), 1);
  const means = randomNumbers(columns, 2);
  const variances = randomNumbers(columns, 3).map((x) => 1 + x * x);
  const affine = randomNumbers(2 * columns, 4);
  const epsilon = 2 ** -16;
  return {
    input,
    channel: (c: number): BatchNormChannel => ({
      mean: means[c] ?? Number.NaN,
      variance: variances[c] ?? Number.NaN,
      weight: affine[c] ?? Number.NaN,
      bias: affine[columns + c] ?? Number.NaN,
      epsilon,
    }),
    given: {
      input: squareMap(scope, 'input', shape, input),
      statistics: scope.matrix('statistics', [2, columns], {
        data: Float32Array.of(...means, ...variances),
      }),
      affine: scope.matrix('affine', [2, columns], { data: affine }),
      epsilon,
    },
  };
}
