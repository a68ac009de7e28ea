import { requireSame, requireWithin } from '../../bench/check.js';
import { SELECTION_STATE } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareCacheRows } from '../../src/kernels/cache-rows.js';
import { cachedRowReference } from '../../src/reference/cache-rows.js';
import { rowMajor } from '../../src/reference/element.js';
import { type KernelCase, randomNumbers } from './case.js';
import { GUARD, memoryCase, readOwnFloats } from './memory.js';

interface Spec {
  readonly n: number;
  readonly p: number;
  readonly slices: number;
  readonly capacity: number;
  readonly slot: number;
  readonly pending: number;
}

const SPECS: readonly Spec[] = [
  { n: 1, p: 1, slices: 1, capacity: 1, slot: 0, pending: 1 },
  { n: 131, p: 4, slices: 3, capacity: 6, slot: 4, pending: 4 },
  { n: 67, p: 4, slices: 2, capacity: 5, slot: 2, pending: 0 },
  { n: 65, p: 3, slices: 5, capacity: 3, slot: 2, pending: 2 },
  { n: 129, p: 5, slices: 2, capacity: 11, slot: 6, pending: 3 },
];

export const cacheRowsCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { n, p, slices, capacity, slot, pending } = spec;
  const name = `cache-rows ${n}, ${slices} slices, slot ${slot} of ${capacity}, ${pending} pending`;
  return memoryCase(name, async (device, memory) => {
    const entered = (row: number) => (row - slot + capacity) % capacity;
    const parts = randomNumbers(slices * p * n, 1).map((x, at) =>
      Math.floor(at / n) % p < pending ? x : Number.NaN,
    );
    const kept = randomNumbers(capacity * n, 2).map((x, at) =>
      entered(Math.floor(at / n)) < pending ? Number.NaN : x,
    );
    const products = memory.matrix(slices * p, n, parts);
    const state = new Uint32Array(SELECTION_STATE.candidates + p).fill(GUARD);
    state[SELECTION_STATE.pending] = pending;
    state[SELECTION_STATE.slot] = slot;
    const cache = memory.buffer(kept);
    const run = await prepareCacheRows(device, {
      state: memory.buffer(state),
      products: products.buffer,
      stride: products.stride,
      slices,
      columns: p,
      cache,
      capacity,
      width: n,
    });
    const commands = new Commands(device);
    run(commands);
    await commands.finish();
    const part = rowMajor(parts, n);
    const rows = await readOwnFloats(cache);
    for (let row = 0; row < capacity; row++) {
      const [begin, end] = [row * n, (row + 1) * n];
      const actual = rows.subarray(begin, end);
      const q = entered(row);
      if (q < pending) {
        requireWithin(
          actual,
          cachedRowReference(n, slices, (s, i) => part(s * p + q, i)),
        );
      } else requireSame(actual, kept.subarray(begin, end));
    }
  });
});
