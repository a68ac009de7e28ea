import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareMultiply } from '../../src/kernels/multiply.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { multiplyReference } from '../../src/reference/multiply.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { MAP_BENCH, type MapShape, numbersOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

/** By a gate: one factor for an image and channel. */
export const multiplyBench: KernelBench<MapShape> = {
  name: 'multiply',
  ...MAP_BENCH,
  operations: numbersOfMap,
  bytes: (shape) => 8 * numbersOfMap(shape) + 4 * shape.images * shape.channels,
  prepare: async ({ device, scope, shape, variant }) => {
    const { images, channels } = shape;
    const image = numbersOfMap(shape) / images;
    const input = randomNumbers(numbersOfMap(shape), 1);
    const gate = randomNumbers(images * channels, 2);
    const output = squareMap(scope, 'output', shape);
    const run = await prepareMultiply(device, {
      input: squareMap(scope, 'input', shape, input),
      factor: squareMap(scope, 'gate', { ...shape, size: 1 }, gate),
      output,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const reference = multiplyReference({
          input,
          factor: (at) => gate[Math.floor(at / image) * channels + (at % channels)] ?? Number.NaN,
        });
        requireWithin(await readMatrix(output.matrix), reference);
      },
    };
  },
};
