import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareBatchNormStatistics } from '../../src/kernels/batch-norm-statistics.js';
import { momentRows } from '../../src/kernels/channel-moments.js';
import { type RowWalkVariant, sumsWalk } from '../../src/kernels/row-walk.js';
import { exactly } from '../../src/reference/approx.js';
import { batchNormStatisticsReference } from '../../src/reference/batch-norm-statistics.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { blankRows, MAP_BENCH, type MapShape, rowsOfMap, squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

/** Slices of the walk that this library takes on a software adapter: the task's own size. */
const sliceCount = ({ images, size }: MapShape) => Math.ceil((images * size ** 2) / 256);

export const batchNormStatisticsBench: KernelBench<MapShape> = {
  name: 'batch-norm-statistics',
  ...MAP_BENCH,
  operations: (shape) => 12 * sliceCount(shape) * shape.channels,
  bytes: (shape) => (8 * sliceCount(shape) + 24) * shape.channels,
  prepare: async ({ device, scope, shape, variant: asked }) => {
    const variant = asked as RowWalkVariant;
    const { channels } = shape;
    const input = squareMap(scope, 'input', shape);
    const { slices, slice_rows } = sumsWalk(input, variant);
    const parts = randomNumbers(momentRows(input, variant) * channels, 1).map(Math.abs);
    const before = randomNumbers(2 * channels, 2);
    const statistics = blankRows(scope, 'statistics', 2, channels);
    const running = scope.matrix('running statistics', [2, channels], { data: before });
    const moments = scope.matrix('moments', [1 + 2 * slices, channels], { data: parts });
    const given = { input, moments, statistics, running, variant };
    const run = await prepareBatchNormStatistics(device, given);
    const momentum = 2 ** -4;
    return {
      encode: (commands) => run(commands, { momentum }),
      verify: async () => {
        const part = (row: number, c: number) => parts[row * channels + c] ?? Number.NaN;
        // The last slice may be shorter; of interleaved ones, the last of all may lack a row.
        const rowsOfSlice = (slice: number) =>
          variant === 'blocks'
            ? Math.min(slice_rows, rowsOfMap(shape) - slice * slice_rows)
            : Math.ceil((rowsOfMap(shape) - slice) / slices);
        const reference = batchNormStatisticsReference({
          channels: Array.from({ length: channels }, (_, c) => ({
            shift: part(0, c),
            slices: Array.from({ length: slices }, (_, slice) => ({
              count: rowsOfSlice(slice),
              mean: exactly(part(1 + 2 * slice, c)),
              squares: exactly(part(2 + 2 * slice, c)),
            })),
            runningMean: before[c] ?? Number.NaN,
            runningVariance: before[channels + c] ?? Number.NaN,
          })),
          momentum,
        });
        requireWithin(await readMatrix(statistics), reference.statistics, 'statistics');
        requireWithin(await readMatrix(running), reference.running, 'running statistics');
      },
    };
  },
};
