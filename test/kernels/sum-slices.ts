import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { readFloats } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { prepareSumSlices } from '../../src/kernels/sum-slices.js';
import { sumSlicesReference } from '../../src/reference/sum-slices.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

/** Slices, rows of each, and their columns; none, one, and more than a workgroup has threads. */
const SHAPES = [
  [1, 1, 1],
  [3, 2, 16],
  [61, 3, 5],
  [67, 9, 7],
  [131, 2, 66],
  [200, 1, 5],
  [517, 1, 9],
] as const;

/** Slices behind the last: were one added, the sum would be NaN. */
const SPARE = 2;

export const sumSlicesCases: readonly KernelCase[] = SHAPES.flatMap(([slices, rows, columns]) =>
  ROW_WALK_VARIANTS.map((variant) =>
    memoryCase(`sum-slices ${variant} ${slices} × ${rows} × ${columns}`, async (device, memory) => {
      const extent = { height: 1, width: 1, channels: columns };
      const given = randomNumbers(slices * rows * columns, 1);
      const spare = nans(SPARE * rows * columns);
      const parts = memory.map(
        { images: (slices + SPARE) * rows, ...extent },
        Float32Array.of(...given, ...spare),
      );
      const sum = memory.map({ images: rows, ...extent });
      const run = await prepareSumSlices(device, { parts: parts.matrix, sum: sum.matrix, variant });
      const commands = new Commands(device);
      run(commands, { slices });
      await commands.finish();
      requireWithin(await writtenValues(sum), sumSlicesReference(given, rows * columns));
      const { stride } = sum.matrix;
      const padding = (await readFloats(sum.matrix.buffer))
        .subarray(0, rows * stride)
        .filter((_, at) => at % stride >= columns);
      requireSame(padding, new Float32Array(padding.length));
    }),
  ),
);
