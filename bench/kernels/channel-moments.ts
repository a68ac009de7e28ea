import { MOMENT_ROWS } from '../../shaders/channel-moments.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { momentRows, prepareChannelMoments } from '../../src/kernels/channel-moments.js';
import { type RowWalkVariant, sumsWalk } from '../../src/kernels/row-walk.js';
import { valuesWithBounds } from '../../src/reference/approx.js';
import { mergedMoments, momentsOfOne } from '../../src/reference/channel-moments.js';
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

export const channelMomentsBench: KernelBench<MapShape> = {
  name: 'channel-moments',
  ...MAP_BENCH,
  operations: (shape) => 4 * numbersOfMap(shape),
  bytes: (shape) => 4 * numbersOfMap(shape),
  prepare: async ({ device, scope, shape, variant: asked }) => {
    const variant = asked as RowWalkVariant;
    const { channels } = shape;
    const values = randomNumbers(numbersOfMap(shape), 1);
    const input = squareMap(scope, 'input', shape, values);
    const moments = blankRows(scope, 'moments', momentRows(input, variant), channels);
    const run = await prepareChannelMoments(device, { input, moments, variant });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const { rows, slices, slice_rows, slice_step, row_step } = sumsWalk(input, variant);
        const parts = await readMatrix(moments);
        for (const slice of [0, slices - 1]) {
          const some = someChannels(shape);
          const own = Array.from(
            { length: slice_rows },
            (_, turn) => slice * slice_step + turn * row_step,
          ).filter((row) => row < rows);
          const reference = some.map((c) =>
            mergedMoments(
              own.map((row) => momentsOfOne((values[row * channels + c] ?? 0) - (values[c] ?? 0))),
              Math.ceil(slice_rows / MOMENT_ROWS) + MOMENT_ROWS,
            ),
          );
          requireWithin(
            elementsAt(parts, channels, [1 + 2 * slice, 2 + 2 * slice], some),
            valuesWithBounds([
              ...reference.map(({ mean }) => mean),
              ...reference.map(({ squares }) => squares),
            ]),
            'moments',
          );
        }
      },
    };
  },
};
