import { readUints } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { AVERAGE_WORDS } from '../../src/kernels/average-update.js';
import { PICKS_A_ROW, prepareLookahead } from '../../src/kernels/lookahead.js';
import {
  INNER_PRODUCTS,
  NO_SLOT,
  namedProducts,
  preparePick,
  SELECTION_STATE,
  TRACE,
} from '../../src/kernels/pick.js';
import { rowMajor } from '../../src/reference/element.js';
import { lookaheadReference } from '../../src/reference/lookahead.js';
import { requireSame } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type LookaheadShape = { readonly n: number; readonly p: number };

/** With the pick before it, which gives it work; small whole numbers. */
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
    const innerProducts = whole(INNER_PRODUCTS * n, 3, 20);
    const sketch = whole(n * n + n, 4, 9);
    const state = scope.buffer('selection state', SELECTION_STATE.candidates + p);
    const common = {
      slots: scope.bufferFrom('slots', new Uint32Array(n).fill(NO_SLOT)),
      owners: scope.buffer('slot owners', p),
      capacity: p,
      state,
      innerProducts: scope.bufferFrom('inner products', innerProducts),
      replacement: true,
    };
    const picks = {
      count: n,
      slices: 1,
      block: 1,
      picks: scope.buffer('picks', 1),
      trace: scope.buffer('selection trace', TRACE.words),
    };
    const ahead = {
      block: p,
      weights: scope.matrix('output weights', [n, 1], { data: weights }),
      cache: scope.buffer('gram row cache', p * n),
      sketch: scope.bufferFrom('sketch', sketch),
    };
    // By turns from the scores and from their opposites: the cache holds what the other asked for,
    // so that each call finds a pick without a row.
    const turns = await Promise.all(
      [scores, scores.map((score) => -score)].map(async (values) => {
        const given = { ...common, scores: scope.bufferFrom('scores', values) };
        const pick = await preparePick(device, { ...given, ...picks });
        const look = await prepareLookahead(device, { ...given, ...ahead });
        return (commands: Commands) => {
          pick(commands, 0);
          look(commands);
        };
      }),
    );
    let calls = 0;
    const encode = (commands: Commands) => turns[calls++ % 2]?.(commands);
    const candidatesNow = async () => {
      const words = await readUints(state);
      requireSame([words[SELECTION_STATE.pending] ?? 0], [p], 'pending');
      return words.subarray(SELECTION_STATE.candidates);
    };
    return {
      encode,
      verify: async () => {
        const found = await candidatesNow();
        const [pick = 0] = found;
        const { candidates } = lookaheadReference(
          {
            ...{ n, outputs: 1, scores, block: p, capacity: p, replacement: true },
            ...{ limit: PICKS_A_ROW * p, pick, slot: 0 },
            weights: rowMajor(weights, 1),
            correlation: (i) =>
              namedProducts(AVERAGE_WORDS, innerProducts, i * INNER_PRODUCTS).correlation,
            row: () => 0,
            sketch: rowMajor(sketch, n),
          },
          { slots: Array.from(scores, (_, i) => (i === pick ? 0 : 'none')), owners: [] },
        );
        requireSame(found, candidates, 'candidates');
        for (let call = 1; call < 4; call++) {
          const commands = new Commands(device);
          encode(commands);
          await commands.finish();
          await candidatesNow();
        }
      },
    };
  },
};
