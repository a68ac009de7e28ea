import { readUints, upload } from '../../src/gpu/buffer.js';
import { NO_SLOT, SELECTION_STATE } from '../../src/kernels/argmin.js';
import { PICKS_A_ROW, prepareLookahead } from '../../src/kernels/lookahead.js';
import { elementsOf } from '../../src/reference/element.js';
import { lookaheadReference } from '../../src/reference/lookahead.js';
import { requireSame } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type LookaheadShape = { readonly n: number; readonly p: number };

/** A pick without a row, every other neuron without one as well, and small whole numbers. */
export const lookaheadBench: KernelBench<LookaheadShape> = {
  name: 'lookahead',
  shapes: [
    { n: 1024, p: 8 },
    { n: 1024, p: 32 },
  ],
  // The p picks at least that fill the block, four operations a neuron each.
  operations: ({ n, p }) => 4 * n * p,
  // A row of estimates, correlations and weights for each, and the scores once.
  bytes: ({ n, p }) => 12 * n * p + 4 * n,
  prepare: async ({ device, scope, shape: { n, p } }) => {
    const whole = (count: number, seed: number, most: number) =>
      randomNumbers(count, seed).map((x) => Math.round(x * most) + 0);
    const [scores, weights] = [whole(n, 1, 60), whole(n, 2, 3)];
    const [moments, sketch] = [whole(4 * n, 3, 20), whole(n * n + n, 4, 9)];
    const slots = new Uint32Array(n).fill(NO_SLOT);
    slots[0] = 0;
    const words = new Uint32Array(SELECTION_STATE.candidates + p);
    words[SELECTION_STATE.pending] = 1;
    words[SELECTION_STATE.nextSlot] = 1;
    const state = scope.bufferOf('selection state', words);
    const slotTable = scope.bufferOf('slots', slots);
    const run = await prepareLookahead(device, {
      scores: scope.bufferOf('scores', scores),
      slots: slotTable,
      owners: scope.buffer('slot owners', p),
      capacity: p,
      state,
      weights: scope.matrix('output weights', n, 1, weights),
      moments: scope.bufferOf('moments', moments),
      cache: scope.buffer('gram row cache', p * n),
      sketch: scope.bufferOf('sketch', sketch),
      block: p,
      replacement: true,
    });
    return {
      encode: (batch) => {
        // What a call leaves behind would spare the next one its work.
        batch.submit();
        upload(state, words);
        upload(slotTable, slots);
        run(batch);
      },
      verify: async () => {
        const { candidates } = lookaheadReference(
          {
            ...{ n, outputs: 1, scores, block: p, capacity: p, replacement: true },
            ...{ limit: PICKS_A_ROW * p, pick: 0, slot: 0 },
            weights: elementsOf(weights, 1),
            correlation: (i) => moments[4 * i] ?? Number.NaN,
            row: () => 0,
            sketch: elementsOf(sketch, n),
          },
          { slots: Array.from(slots, (slot) => (slot === NO_SLOT ? 'none' : slot)), owners: [] },
        );
        const after = await readUints(state);
        requireSame('candidates', after.subarray(SELECTION_STATE.candidates), candidates);
      },
    };
  },
};
