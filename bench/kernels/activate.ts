import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareActivate } from '../../src/kernels/activate.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { activateReference } from '../../src/reference/activate.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { MAP_BENCH, type MapShape, numbersOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const activateBench: KernelBench<MapShape> = {
  name: 'activate',
  ...MAP_BENCH,
  operations: (shape) => 2 * numbersOfMap(shape),
  bytes: (shape) => 12 * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant }) => {
    const count = numbersOfMap(shape);
    const [input, addend] = [randomNumbers(count, 1), randomNumbers(count, 2)];
    const output = squareMap(scope, 'output', shape);
    const run = await prepareActivate(device, {
      input: squareMap(scope, 'input', shape, input),
      addend: squareMap(scope, 'addend', shape, addend),
      activation: 'relu',
      output,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const reference = activateReference({ input, addend, activation: 'relu' });
        requireWithin(await readMatrix(output.matrix), reference);
      },
    };
  },
};
