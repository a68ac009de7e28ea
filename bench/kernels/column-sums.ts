import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareColumnSums } from '../../src/kernels/column-sums.js';
import { type RowWalkVariant, sumsWalk } from '../../src/kernels/row-walk.js';
import { valuesWithBounds } from '../../src/reference/approx.js';
import { columnSumsReference } from '../../src/reference/column-sums.js';
import { rowMajor } from '../../src/reference/element.js';
import { elementsAt, requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import {
  blankRows,
  MAP_BENCH,
  type MapShape,
  numbersOfMap,
  someChannels,
  squareMap,
} from '../maps.js';
import { randomNumbers } from '../numbers.js';

export const columnSumsBench: KernelBench<MapShape> = {
  name: 'column-sums',
  ...MAP_BENCH,
  operations: numbersOfMap,
  bytes: (shape) => 4 * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant: asked }) => {
    const variant = asked as RowWalkVariant;
    const { channels } = shape;
    const values = randomNumbers(numbersOfMap(shape), 1);
    const input = squareMap(scope, 'input', shape, values);
    const { rows, slices, slice_rows, slice_step, row_step } = sumsWalk(input, variant);
    const sums = blankRows(scope, 'sums', slices, channels);
    const run = await prepareColumnSums(device, { input, sums, variant });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const some = someChannels(shape);
        const found = await readMatrix(sums);
        for (const slice of [0, slices - 1]) {
          const own = Array.from(
            { length: slice_rows },
            (_, turn) => slice * slice_step + turn * row_step,
          ).filter((row) => row < rows);
          requireWithin(
            elementsAt(found, channels, [slice], some),
            valuesWithBounds(columnSumsReference(own, some, rowMajor(values, channels))),
            'sums',
          );
        }
      },
    };
  },
};
