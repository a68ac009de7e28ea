import { requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { SELECTION_STATE } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { rowStride } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import { sliceCount } from '../../src/kernels/example-slices.js';
import { type GramRowsVariant, prepareGramRows } from '../../src/kernels/gram-rows.js';
import { rowMajor } from '../../src/reference/element.js';
import { gramRowsReference } from '../../src/reference/gram-rows.js';
import { type KernelCase, randomNumbers, stored, whereItRuns } from './case.js';
import { GUARD, type Memory, memoryCase, readOwnFloats, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, p: number];
  readonly squares?: boolean;
  readonly blockFirst?: number;
  readonly firstSlice?: number;
  /** Rows that the selection state says are pending; without it there is no state. */
  readonly pending?: number;
  /** Rows that the chunk's buffer holds, when the call takes fewer. */
  readonly capacity?: number;
  readonly storage?: StorageFormat;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], squares: true },
  { shape: [1031, 521, 3], squares: true, blockFirst: 5, firstSlice: 2 },
  { shape: [67, 131, 4], squares: true, blockFirst: 1 },
  { shape: [2053, 131, 10], squares: true, firstSlice: 1 },
  { shape: [1025, 257, 8], firstSlice: 1, pending: 8 },
  { shape: [37, 259, 16], blockFirst: 3, pending: 3 },
  { shape: [37, 61, 16], firstSlice: 1, pending: 0 },
  { shape: [29, 2, 17], pending: 1 },
  { shape: [1031, 67, 3], squares: true, blockFirst: 2, firstSlice: 1, capacity: 2100 },
  { shape: [1, 13, 4], capacity: 3, pending: 2 },
  { shape: [1, 1, 1], squares: true, storage: 'f16' },
  { shape: [67, 131, 4], squares: true, blockFirst: 1, storage: 'f16' },
  { shape: [1031, 257, 8], firstSlice: 1, pending: 8, capacity: 1100, storage: 'f16' },
  { shape: [29, 2, 17], pending: 1, storage: 'f16' },
  // So many examples that slices grow longer instead of more.
  { shape: [65_541, 1, 2] },
];

const VARIANTS: readonly GramRowsVariant[] = ['coalesced', 'lanes', 'subgroup'];

/** Every variant on every shape. */
export const gramRowsCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  VARIANTS.map((variant) => {
    const { shape, squares, pending, capacity, storage } = spec;
    const name = [
      'gram-rows',
      variant,
      storage,
      shape.join(' × '),
      capacity && `of ${capacity}`,
      squares && 'squares',
      pending !== undefined && `${pending} pending`,
    ];
    return whereItRuns(
      variant,
      memoryCase(name.filter(Boolean).join(' '), (device, memory) =>
        check(device, memory, spec, variant),
      ),
    );
  }),
);

async function check(
  device: Device,
  memory: Memory,
  { shape, squares = false, blockFirst = 0, firstSlice = 0, pending, capacity, storage }: Spec,
  variant: GramRowsVariant,
): Promise<void> {
  const [m, n, p] = shape;
  const rows = squares ? p + 1 : p;
  const columns = randomNumbers((blockFirst + m) * p, 1);
  // Past the call's rows NaN: one too many would show.
  const values = nans((capacity ?? m) * n);
  values.set(stored(randomNumbers(m * n, 2), storage));
  const stride = rowStride(n);
  const slices = sliceCount(device, { m, width: n });
  const products = memory.buffer(nans((firstSlice + slices + 1) * rows * stride));
  const state = new Uint32Array(SELECTION_STATE.candidates + p).fill(GUARD);
  state[SELECTION_STATE.pending] = pending ?? 0;
  const run = await prepareGramRows(device, {
    block: memory.matrix(blockFirst + m, p, columns),
    activations: memory.matrix(capacity ?? m, n, values, storage),
    products,
    squares,
    state: pending === undefined ? undefined : memory.buffer(state),
    variant,
  });
  const commands = new Commands(device);
  run(commands, { blockFirst, firstSlice, ...(capacity && { m }) });
  await commands.finish();
  const written = pending === 0 ? 0 : slices;
  const range = { first: firstSlice, count: written, size: rows * stride };
  const sums = sumOfSlices(await readOwnFloats(products), range);
  if (written === 0) return;
  const block = rowMajor(columns, p);
  const reference = gramRowsReference({
    m,
    n,
    p,
    block: (j, q) => block(blockFirst + j, q),
    activations: rowMajor(values, n),
    squares,
  });
  // The product of the padding is of no use, but it keeps the rows aligned.
  requireWithin(
    sums.filter((_, at) => at % stride < n),
    reference,
  );
}
