import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareActivateGradient } from '../../src/kernels/activate-gradient.js';
import { ROW_WALK_VARIANTS, type RowWalkVariant } from '../../src/kernels/row-walk.js';
import { rowWalkVariant } from '../../src/kernels/variant.js';
import { activateGradientReference } from '../../src/reference/activate-gradient.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { LARGE_MAP_SHAPES, MAP_SHAPES, type MapShape, numbersOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const activateGradientBench: KernelBench<MapShape> = {
  name: 'activate-gradient',
  shapes: MAP_SHAPES,
  hardwareShapes: LARGE_MAP_SHAPES,
  variants: ROW_WALK_VARIANTS,
  preferred: rowWalkVariant,
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
        requireWithin('input gradient', await readMatrix(into.matrix), reference);
      },
    };
  },
};
