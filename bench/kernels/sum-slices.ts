import { readMatrix } from '../../src/gpu/matrix.js';
import { ROW_WALK_VARIANTS, type RowWalkVariant } from '../../src/kernels/row-walk.js';
import { prepareSumSlices } from '../../src/kernels/sum-slices.js';
import { rowWalkVariant } from '../../src/kernels/variant.js';
import { sumSlicesReference } from '../../src/reference/sum-slices.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { blankRows } from '../maps.js';
import { randomNumbers } from '../numbers.js';

type SumSlicesShape = {
  readonly slices: number;
  readonly rows: number;
  readonly channels: number;
};

export const sumSlicesBench: KernelBench<SumSlicesShape> = {
  name: 'sum-slices',
  // A batch norm's sums and a depthwise filter's, as a software adapter has them and as a GPU.
  shapes: [
    { slices: 128, rows: 2, channels: 16 },
    { slices: 32, rows: 9, channels: 96 },
    { slices: 4096, rows: 2, channels: 16 },
  ],
  variants: ROW_WALK_VARIANTS,
  preferred: rowWalkVariant,
  operations: ({ slices, rows, channels }) => slices * rows * channels,
  bytes: ({ slices, rows, channels }) => 4 * (slices + 1) * rows * channels,
  prepare: async ({ device, scope, shape: { slices, rows, channels }, variant }) => {
    const parts = randomNumbers(slices * rows * channels, 1);
    const sum = blankRows(scope, 'sum', rows, channels);
    const run = await prepareSumSlices(device, {
      parts: scope.matrix('slices', [slices * rows, channels], { data: parts }),
      sum,
      variant: variant as RowWalkVariant,
    });
    return {
      encode: (commands) => run(commands, { slices }),
      verify: async () =>
        requireWithin(await readMatrix(sum), sumSlicesReference(parts, rows * channels), 'sum'),
    };
  },
};
