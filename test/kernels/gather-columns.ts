import { requireSame } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import type { StorageFormat } from '../../src/half.js';
import { prepareGatherColumns } from '../../src/kernels/gather-columns.js';
import { rowMajor } from '../../src/reference/element.js';
import { gatherColumnsReference } from '../../src/reference/gather-columns.js';
import { type KernelCase, randomNumbers, stored } from './case.js';
import { GUARD, memoryCase, readOwnValues } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, p: number];
  readonly columns: readonly number[];
  /** Rows of the activations to copy; all of them without it. */
  readonly rows?: { readonly first: number; readonly m: number };
  readonly storage?: StorageFormat;
  /** Word at which the list begins. */
  readonly list?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], columns: [0] },
  { shape: [65, 7, 4], columns: [6, 0, 3] },
  { shape: [64, 131, 10], columns: [130, 7, 64, 0, 1, 63, 129, 2, 99, 31] },
  { shape: [193, 5, 3], columns: [4, 2], list: 5 },
  { shape: [67, 13, 2], columns: [], list: 1 },
  { shape: [131, 11, 3], columns: [10, 0, 5], rows: { first: 64, m: 67 } },
  { shape: [71, 6, 2], columns: [5, 1], rows: { first: 3, m: 1 } },
  { shape: [65, 7, 4], columns: [6, 0, 3], storage: 'f16' },
  { shape: [131, 11, 3], columns: [10, 0, 5], rows: { first: 64, m: 67 }, storage: 'f16' },
];

/** Rows of the block behind the copy, which must stay as they are. */
const SPARE = 2;

export const gatherColumnsCases: readonly KernelCase[] = SPECS.map(
  ({ shape, columns, list = 0, rows, storage }) => {
    const [count, n, p] = shape;
    const { first, m } = rows ?? { first: 0, m: count };
    const part = rows ? `, rows ${first} to ${first + m}` : '';
    const name = `gather-columns ${storage ?? 'f32'} ${shape.join(' × ')}, ${columns.length} columns${part}`;
    return memoryCase(name, async (device, memory) => {
      const activations = stored(randomNumbers(count * n, 1), storage);
      const indices = new Uint32Array(list + 1 + p).fill(GUARD);
      indices.set([columns.length, ...columns], list);
      const block = memory.matrix(m + SPARE, p);
      const run = await prepareGatherColumns(device, {
        activations: memory.matrix(count, n, activations, storage),
        indices: memory.buffer(indices),
        list,
        block,
      });
      const commands = new Commands(device);
      run(commands, rows);
      await commands.finish();
      const given = rowMajor(activations, n);
      const copies = gatherColumnsReference(m, (j, i) => given(first + j, i), columns);
      const copy = rowMajor(copies, columns.length);
      requireSame(
        await readOwnValues(block),
        Array.from({ length: (m + SPARE) * p }, (_, at) =>
          at < m * p && at % p < columns.length ? copy(Math.floor(at / p), at % p) : Number.NaN,
        ),
      );
    });
  },
);
