import { readUints } from '../../src/gpu/buffer.js';
import {
  INNER_PRODUCTS,
  NO_SLOT,
  preparePick,
  SELECTION_STATE,
  TRACE,
} from '../../src/kernels/pick.js';
import { pickReference } from '../../src/reference/pick.js';
import { requireSame } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type PickShape = { readonly n: number; readonly p: number };

/** A pick whose row is not cached and p − 1 others to compute with it: the longer of the two ways. */
export const pickBench: KernelBench<PickShape> = {
  name: 'pick',
  shapes: [
    { n: 1024, p: 4 },
    { n: 1024, p: 16 },
    { n: 10_000, p: 16 },
  ],
  // One comparison a score: less cannot find the smallest.
  operations: ({ n }) => n,
  // Scores and slots; the one pick's inner products do not count.
  bytes: ({ n }) => 8 * n,
  prepare: async ({ device, scope, shape: { n, p } }) => {
    const scores = randomNumbers(n, 1);
    const slots = scope.bufferFrom('slots', new Uint32Array(n).fill(NO_SLOT));
    const state = scope.buffer('selection state', SELECTION_STATE.candidates + p);
    const picks = scope.buffer('picks', 1);
    const common = {
      count: n,
      slots,
      owners: scope.buffer('slot owners', p),
      capacity: p,
      state,
      picks,
      slices: 1,
      innerProducts: scope.buffer('inner products', INNER_PRODUCTS * n),
      trace: scope.buffer('selection trace', TRACE.words),
      block: p,
      replacement: true,
    };
    // Calls alternate between the scores and their opposites: the best of one are the worst of the
    // other, so that no call finds its pick in a cache which the call before has filled.
    const best = await preparePick(device, {
      ...common,
      scores: scope.bufferFrom('scores', scores),
    });
    const opposite = scores.map((score) => -score);
    const worst = await preparePick(device, {
      ...common,
      scores: scope.bufferFrom('opposite scores', opposite),
    });
    let calls = 0;
    return {
      encode: (commands) => (calls++ % 2 === 0 ? best : worst)(commands, 0),
      verify: async () => {
        const {
          pick,
          candidates,
          state: after,
        } = pickReference(
          { scores, block: p, capacity: p, replacement: true },
          {
            slots: Array(n).fill('none'),
            owners: Array(p).fill(0),
            nextSlot: 0,
            passes: 0,
            nanCount: 0,
          },
        );
        const words = await readUints(state);
        requireSame(await readUints(picks), [pick ?? NO_SLOT], 'picks');
        requireSame(words.subarray(SELECTION_STATE.candidates), candidates, 'candidates');
        requireSame([words[SELECTION_STATE.pending] ?? 0], [candidates.length], 'pending');
        requireSame(
          await readUints(slots),
          after.slots.map((slot) => (typeof slot === 'number' ? slot : NO_SLOT)),
          'slots',
        );
      },
    };
  },
};
