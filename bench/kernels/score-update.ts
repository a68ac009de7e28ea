import { readFloats } from '../../src/gpu/buffer.js';
import { SELECTION_STATE } from '../../src/kernels/argmin.js';
import { prepareScoreUpdate } from '../../src/kernels/score-update.js';
import { elementsOf } from '../../src/reference/element.js';
import { cachedRowReference, scoreUpdateReference } from '../../src/reference/score-update.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type ScoreUpdateShape = {
  readonly n: number;
  readonly c: number;
  readonly p: number;
  readonly slices: number;
};

/** A pick whose row was not cached, with p rows just computed: the longer of the two ways. */
export const scoreUpdateBench: KernelBench<ScoreUpdateShape> = {
  name: 'score-update',
  shapes: [
    { n: 1024, c: 1, p: 4, slices: 4 },
    { n: 1024, c: 10, p: 16, slices: 16 },
    { n: 10_000, c: 1, p: 16, slices: 16 },
  ],
  // The slices' sums, B_i · B_s, and the score.
  operations: ({ n, c, p, slices }) => n * ((slices - 1) * p + 2 * c + 4),
  // Products in, rows out, weights and correlations in, scores in and out.
  bytes: ({ n, c, p, slices }) => 4 * n * (slices * p + p + c + 3),
  prepare: async ({ device, scope, shape: { n, c, p, slices } }) => {
    const parts = randomNumbers(slices * p * n, 1);
    const b = randomNumbers(n * c, 2);
    const [fits, before] = [randomNumbers(n, 3), randomNumbers(n, 4)];
    const pick = n - 1;
    const state = new Uint32Array(SELECTION_STATE.candidates + p);
    state[SELECTION_STATE.pending] = p;
    state[SELECTION_STATE.pick] = pick;
    const products = scope.matrix('gram products', slices * p, n, parts);
    const cache = scope.bufferOf('gram row cache', nans(p * n));
    const scores = scope.bufferOf('scores', before);
    const run = await prepareScoreUpdate(device, {
      state: scope.bufferOf('selection state', state),
      products: products.buffer,
      stride: products.stride,
      slices,
      columns: p,
      weights: scope.matrix('weights', n, c, b),
      correlations: scope.bufferOf('correlations', fits),
      cache,
      capacity: p,
      scores,
    });
    return {
      encode: (batch) => run(batch),
      verify: async () => {
        const part = elementsOf(parts, n);
        const gram = (q: number) => (s: number, i: number) => part(s * p + q, i);
        const rows = await readFloats(cache);
        for (let q = 0; q < p; q++) {
          const row = rows.subarray(q * n, (q + 1) * n);
          requireWithin(`cached row ${q}`, row, cachedRowReference(n, slices, gram(q)));
        }
        const reference = scoreUpdateReference({
          n,
          outputs: c,
          pick,
          slices,
          gram: gram(0),
          weights: elementsOf(b, c),
          correlations: fits,
          scores: before,
        });
        requireWithin('scores', await readFloats(scores), reference);
      },
    };
  },
};
