import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareActivateGradient } from '../../src/kernels/activate-gradient.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { activateGradientReference } from '../../src/reference/activate-gradient.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { MAP_BENCH, type MapShape, numbersOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const activateGradientBench: KernelBench<MapShape> = {
  name: 'activate-gradient',
  ...MAP_BENCH,
  operations: (shape) => 2 * numbersOfMap(shape),
  bytes: (shape) => 12 * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant }) => {
    const count = numbersOfMap(shape);
    const [gradient, h] = [randomNumbers(count, 1), randomNumbers(count, 2)];
    const into = squareMap(scope, 'input gradient', shape);
    const run = await prepareActivateGradient(device, {
      gradient: squareMap(scope, 'gradient', shape, gradient),
      activation: 'relu',
      output: squareMap(scope, 'output', shape, h),
      into,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const reference = activateGradientReference({ gradient, bend: { activation: 'relu', h } });
        requireWithin(await readMatrix(into.matrix), reference, 'input gradient');
      },
    };
  },
};
