import { requireSame } from '../../bench/check.js';
import { AVERAGE_WORDS } from '../../shaders/average-update.wgsl.js';
import { INNER_PRODUCTS, namedProducts } from '../../shaders/inner-products.js';
import { NO_SLOT, SELECTION_STATE, TAKEN } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import { PICKS_A_ROW, prepareLookahead } from '../../src/kernels/lookahead.js';
import { rowMajor } from '../../src/reference/element.js';
import { lookaheadReference } from '../../src/reference/lookahead.js';
import type { PickState } from '../../src/reference/pick.js';
import { type KernelCase, randomNumbers, whereThreadsFit } from './case.js';
import { GUARD, memoryCase, readOwnUints } from './memory.js';

interface Spec {
  readonly name: string;
  readonly n: number;
  readonly outputs?: number;
  readonly p: number;
  readonly capacity: number;
  /** Slots in use before, from 0 on. */
  readonly cached?: number;
  /** Where the pick's row is to go. */
  readonly first?: number;
  readonly replacement?: boolean;
  readonly nanScores?: readonly number[];
  /** The pick's row is cached: nothing is to be done. */
  readonly idle?: true;
}

const SPECS: readonly Spec[] = [
  { name: 'nothing cached', n: 131, p: 8, capacity: 40 },
  { name: 'some cached', n: 257, p: 4, capacity: 40, cached: 23, first: 23 },
  { name: 'slots wrap around', n: 67, p: 5, capacity: 11, cached: 11, first: 8 },
  { name: 'all rows give way', n: 67, p: 6, capacity: 6, cached: 6, first: 2 },
  { name: 'two outputs', n: 129, outputs: 2, p: 7, capacity: 30, cached: 9, first: 9 },
  { name: 'fewer neurons than p', n: 5, p: 16, capacity: 16, cached: 2, first: 2 },
  { name: 'one neuron', n: 1, p: 4, capacity: 4 },
  { name: 'rows alone', n: 67, p: 1, capacity: 5, cached: 5, first: 3 },
  { name: 'NaN', n: 70, p: 9, capacity: 20, cached: 3, first: 3, nanScores: [0, 1, 64, 69] },
  { name: 'taken ones', n: 71, p: 8, capacity: 20, cached: 9, first: 9, replacement: false },
  { name: 'few left', n: 7, p: 8, capacity: 8, cached: 3, first: 3, replacement: false },
  { name: 'a cached pick', n: 67, p: 5, capacity: 11, cached: 7, first: 2, idle: true },
];

/** Small whole numbers, so that every sum is exact in float32, and ties are many. */
function wholeNumbers(count: number, seed: number, most: number): Float32Array {
  return randomNumbers(count, seed).map((x) => Math.round(x * most) + 0);
}

/** With the threads of a software adapter, and of hardware that has few or many. */
export const lookaheadCases: readonly KernelCase[] = [4, 256, 1024].flatMap((threads) =>
  SPECS.map((spec) => whereThreadsFit(threads, lookaheadCase(spec, threads))),
);

function lookaheadCase(spec: Spec, threads: number): KernelCase {
  const { name, n, outputs = 1, p, capacity, cached = 0, first = 0, replacement = true } = spec;
  return memoryCase(
    `lookahead, ${name}: ${n}, p = ${p}, ${threads} threads`,
    async (device, memory) => {
      const scores = wholeNumbers(n, 1, 60);
      for (const i of spec.nanScores ?? []) scores[i] = Number.NaN;
      const weights = wholeNumbers(n * outputs, 2, 3);
      const innerProducts = wholeNumbers(n * INNER_PRODUCTS, 3, 20);
      const sketch = wholeNumbers(n * n + n, 4, 9);
      const cache = wholeNumbers(capacity * n, 5, 9);
      // Every third neuron is cached or, where each is taken once, gone.
      const slots: (number | 'none' | 'taken')[] = Array(n).fill('none');
      const owners: number[] = Array(capacity).fill(0);
      for (let slot = 0; slot < Math.min(cached, n - 1); slot++) {
        const neuron = (slot * 3 + 1) % n;
        if (typeof slots[neuron] === 'number') continue;
        owners[slot] = neuron;
        slots[neuron] = replacement || slot % 2 === 0 ? slot : 'taken';
      }
      const pick = spec.idle ? 1 : slots.indexOf('none');
      if (!spec.idle) {
        const before = owners[first] ?? 0;
        if (slots[before] === first) slots[before] = 'none';
        owners[first] = pick;
        slots[pick] = replacement ? first : 'taken';
      }
      const words = new Uint32Array(SELECTION_STATE.candidates + p).fill(GUARD);
      words.fill(0, 0, SELECTION_STATE.nanCount + 1);
      words[SELECTION_STATE.pending] = spec.idle ? 0 : 1;
      words[SELECTION_STATE.pick] = pick;
      words[SELECTION_STATE.slot] = first;
      words[SELECTION_STATE.nextSlot] = (first + (spec.idle ? 0 : 1)) % capacity;
      if (!spec.idle) words[SELECTION_STATE.candidates] = pick;
      const buffers = {
        slots: memory.buffer(Uint32Array.from(slots, slotWord)),
        owners: memory.buffer(Uint32Array.from(owners)),
        state: memory.buffer(words),
      };
      const run = await prepareLookahead(device, {
        ...buffers,
        scores: memory.buffer(scores),
        capacity,
        weights: memory.matrix(n, outputs, weights),
        innerProducts: memory.buffer(innerProducts),
        cache: memory.buffer(cache),
        sketch: memory.buffer(sketch),
        block: p,
        replacement,
        threads,
      });
      const commands = new Commands(device);
      run(commands);
      await commands.finish();
      const slotOfNeuron = (neuron: number) => {
        const slot = slots[neuron];
        return typeof slot === 'number' ? slot : -1;
      };
      const problem = {
        ...{
          n,
          outputs,
          scores,
          block: p,
          capacity,
          limit: PICKS_A_ROW * p,
          replacement,
          pick,
          slot: first,
        },
        weights: rowMajor(weights, outputs),
        correlation: (i: number) =>
          namedProducts(AVERAGE_WORDS, innerProducts, i * INNER_PRODUCTS).correlation,
        row: (j: number, i: number) => cache[slotOfNeuron(j) * n + i] ?? Number.NaN,
        sketch: rowMajor(sketch, n),
      };
      const state: Pick<PickState, 'slots' | 'owners'> = { slots, owners };
      const answer = spec.idle ? undefined : lookaheadReference(problem, state);
      if (answer) {
        words[SELECTION_STATE.pending] = answer.candidates.length;
        words[SELECTION_STATE.nextSlot] = answer.nextSlot;
        words.set(answer.candidates, SELECTION_STATE.candidates);
      }
      requireSame(await readOwnUints(buffers.state), words);
      requireSame(await readOwnUints(buffers.slots), (answer?.slots ?? slots).map(slotWord));
      requireSame(await readOwnUints(buffers.owners), answer?.owners ?? owners);
    },
  );
}

function slotWord(slot: PickState['slots'][number]): number {
  if (slot === 'none') return NO_SLOT;
  return slot === 'taken' ? TAKEN : slot;
}
