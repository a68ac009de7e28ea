import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareColumnSums } from '../../src/kernels/column-sums.js';
import { ROW_WALK_VARIANTS, sumsWalk } from '../../src/kernels/row-walk.js';
import { valuesWithBounds } from '../../src/reference/approx.js';
import { columnSumsReference } from '../../src/reference/column-sums.js';
import { rowMajor } from '../../src/reference/element.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';
import { sliceRows } from './slice-rows.js';

const SHAPES = [
  { images: 1, height: 1, width: 1, channels: 1 },
  { images: 5, height: 3, width: 7, channels: 13 },
  { images: 3, height: 17, width: 11, channels: 66, called: 2 },
];

export const columnSumsCases: readonly KernelCase[] = SHAPES.flatMap(({ called, ...shape }) =>
  ROW_WALK_VARIANTS.map((variant) => {
    const { images, height, width, channels } = shape;
    const asked = called ?? images;
    const name = `column-sums ${variant} ${images} × ${height} × ${width} × ${channels}, ${asked} images`;
    return memoryCase(name, async (device, memory) => {
      const x = randomNumbers(images * height * width * channels, 1);
      const input = memory.map(shape, x);
      const { slices } = sumsWalk(input, variant);
      const sums = memory.map({ images: slices, height: 1, width: 1, channels });
      const run = await prepareColumnSums(device, { input, sums: sums.matrix, variant });
      const commands = new Commands(device);
      run(commands, { images: asked });
      await commands.finish();
      const rows = sliceRows(sumsWalk(input, variant, asked));
      requireSame(
        rows.flat().sort((a, b) => a - b),
        Array.from({ length: asked * height * width }, (_, row) => row),
      );
      const columns = Array.from({ length: channels }, (_, channel) => channel);
      const expected = rows.flatMap((slice) =>
        columnSumsReference(slice, columns, rowMajor(x, channels)),
      );
      requireWithin(await writtenValues(sums, rows.length), valuesWithBounds(expected));
    });
  }),
);
