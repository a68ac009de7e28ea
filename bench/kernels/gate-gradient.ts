import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareGateGradient } from '../../src/kernels/gate-gradient.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { gateGradientReference } from '../../src/reference/gate-gradient.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { MAP_BENCH, type MapShape, numbersOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const gateGradientBench: KernelBench<MapShape> = {
  name: 'gate-gradient',
  ...MAP_BENCH,
  operations: (shape) => 2 * numbersOfMap(shape),
  bytes: (shape) => 8 * numbersOfMap(shape) + 4 * shape.images * shape.channels,
  prepare: async ({ device, scope, shape, variant }) => {
    const { images, size, channels } = shape;
    const count = numbersOfMap(shape);
    const [input, gradient] = [randomNumbers(count, 1), randomNumbers(count, 2)];
    const into = squareMap(scope, 'gate gradient', { ...shape, size: 1 });
    const run = await prepareGateGradient(device, {
      input: squareMap(scope, 'input', shape, input),
      gradient: squareMap(scope, 'gradient', shape, gradient),
      into,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const positions = size ** 2;
        const problem = { images, positions, channels, input, gradient };
        const reference = gateGradientReference(problem);
        requireWithin(await readMatrix(into.matrix), reference, 'gate gradient');
      },
    };
  },
};
