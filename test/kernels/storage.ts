import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { createMatrix, readMatrix } from '../../src/gpu/matrix.js';
import { prepareMatmul } from '../../src/kernels/matmul.js';
import { halfError, nearestHalf } from '../../src/reference/half.js';
import { type KernelCase, poisonedMatrix } from './case.js';

const LEAST_NORMAL = 2 ** -14;

/** Halfway between neighbours, beside that, at both ends of the range and past them. */
const VALUES = Float32Array.from(
  [1, 1 + 2 ** -10, 1.5, 2 - 2 ** -10, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 4 / 3, 0.1]
    .flatMap((x) => [x, x * (1 + 2 ** -20), x * (1 - 2 ** -20)])
    .flatMap((x) => Array.from({ length: 42 }, (_, e) => x * 2 ** (e - 26)))
    .concat(65504, 65519, 65520, 65536, 2 ** 127, Number.POSITIVE_INFINITY, Number.NaN, 0)
    .flatMap((x) => [x, -x]),
);

/** What is stored in float16 is the nearest such number, whichever way the adapter's own packing rounds. */
export const storageCases: readonly KernelCase[] = [
  {
    name: 'storage f16: rounding',
    run: async (device) => {
      const rows = VALUES.length;
      const a = createMatrix(device, 'values', [rows, 1], { data: VALUES });
      const b = createMatrix(device, 'ones', [1, 3], { data: new Float32Array(3).fill(1) });
      const out = poisonedMatrix(device, [rows, 3], 'f16');
      try {
        const run = await prepareMatmul(device, { a, b, out });
        const commands = new Commands(device);
        run(commands);
        await commands.finish();
        const found = await readMatrix(out);
        const given = found.map((_, at) => VALUES[Math.floor(at / 3)] ?? 0);
        const normal = (_: number, at: number) => !(Math.abs(given[at] ?? 0) < LEAST_NORMAL);
        const small = (x: number, at: number) => !normal(x, at);
        requireSame(found.filter(normal), given.filter(normal).map(nearestHalf));
        const value = Float64Array.from(given.filter(small));
        requireWithin(found.filter(small), { value, bound: value.map(halfError) });
      } finally {
        for (const { buffer } of [a, b, out]) buffer.dispose();
      }
    },
  },
];
