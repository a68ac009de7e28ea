import { readFloats } from '../../src/gpu/buffer.js';
import { prepareCacheRows } from '../../src/kernels/cache-rows.js';
import { SELECTION_STATE } from '../../src/kernels/pick.js';
import { cachedRowReference } from '../../src/reference/cache-rows.js';
import { rowMajor } from '../../src/reference/element.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type CacheRowsShape = { readonly n: number; readonly p: number; readonly slices: number };

export const cacheRowsBench: KernelBench<CacheRowsShape> = {
  name: 'cache-rows',
  shapes: [
    { n: 1024, p: 4, slices: 4 },
    { n: 10_000, p: 16, slices: 16 },
  ],
  operations: ({ n, p, slices }) => n * p * (slices - 1),
  bytes: ({ n, p, slices }) => 4 * n * p * (slices + 1),
  prepare: async ({ device, scope, shape: { n, p, slices } }) => {
    const parts = randomNumbers(slices * p * n, 1);
    const state = new Uint32Array(SELECTION_STATE.candidates + p);
    state[SELECTION_STATE.pending] = p;
    const products = scope.matrix('gram products', [slices * p, n], { data: parts });
    const cache = scope.bufferFrom('gram row cache', nans(p * n));
    const run = await prepareCacheRows(device, {
      state: scope.bufferFrom('selection state', state),
      products: products.buffer,
      stride: products.stride,
      slices,
      columns: p,
      cache,
      capacity: p,
      width: n,
    });
    return {
      encode: run,
      verify: async () => {
        const part = rowMajor(parts, n);
        const rows = await readFloats(cache);
        for (let q = 0; q < p; q++) {
          const expected = cachedRowReference(n, slices, (s, i) => part(s * p + q, i));
          requireWithin(rows.subarray(q * n, (q + 1) * n), expected, `cached row ${q}`);
        }
      },
    };
  },
};
