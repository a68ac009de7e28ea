import { requireSame } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { INNER_PRODUCTS } from '../../shaders/inner-products.js';
import { NO_SLOT, SELECTION_STATE, TAKEN, TRACE } from '../../shaders/selection-state.js';
import { upload } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { preparePick } from '../../src/kernels/pick.js';
import { type PickState, pickReference } from '../../src/reference/pick.js';
import { type KernelCase, randomNumbers, whereThreadsFit } from './case.js';
import { GUARD, memoryCase, readOwnFloats, readOwnUints } from './memory.js';

interface Spec {
  readonly name: string;
  readonly n: number;
  readonly p: number;
  readonly capacity: number;
  readonly replacement?: boolean;
  /** Parts that the scores come in; their sums must be exact in float32. */
  readonly slices?: number;
  /** The neurons that may be picked in each step. */
  readonly subset?: (step: number) => readonly number[];
  /** Scores before each step; the slots, owners and state carry over. */
  readonly steps: readonly Float32Array[];
}

const INFINITY = Number.POSITIVE_INFINITY;

/** n equal scores but for those given. */
function level(n: number, score: number, others: Readonly<Record<number, number>> = {}) {
  const scores = new Float32Array(n).fill(score);
  for (const [index, other] of Object.entries(others)) scores[Number(index)] = other;
  return scores;
}

/** Scores that drift: what was good stays good for a while. Coarse ones have many ties. */
function drifting(n: number, steps: number, grid?: number): Float32Array[] {
  const base = randomNumbers(n, 1);
  return Array.from({ length: steps }, (_, step) => {
    const noise = randomNumbers(n, 2 + step);
    return base.map((score, i) => {
      const moved = score + 0.5 * (noise[i] ?? 0);
      return grid ? Math.round(moved / grid) * grid : moved;
    });
  });
}

const SPECS: readonly Spec[] = [
  {
    name: 'ties in a stripe and across threads, −0 equal to 0',
    n: 300,
    p: 6,
    capacity: 19,
    steps: [
      level(300, 0, { 0: 1, 7: -0, 200: -0 }),
      level(300, 1, { 133: -1, 5: -1, 261: -1 }),
      level(300, 1, { 130: -2, 11: -2, 258: -2 }),
      level(300, 1),
    ],
  },
  {
    name: 'NaN, ±Infinity',
    n: 131,
    p: 4,
    capacity: 9,
    steps: [
      level(131, INFINITY, { 0: Number.NaN, 7: Number.NaN, 130: Number.NaN }),
      level(131, 0, { 129: -INFINITY, 64: -INFINITY, 1: Number.NaN }),
      nans(131),
      level(131, Number.NaN, { 130: INFINITY, 77: 3 }),
      level(131, 1, { 3: Number.NaN, 5: -1 }),
    ],
  },
  { name: 'one neuron', n: 1, p: 1, capacity: 1, steps: [[3], [Number.NaN], [-1]].map(floats) },
  { name: 'fewer neurons than p', n: 3, p: 8, capacity: 8, steps: drifting(3, 4) },
  { name: 'the same scores again', n: 67, p: 3, capacity: 5, steps: Array(3).fill(level(67, 2)) },
  { name: 'rows alone', n: 257, p: 1, capacity: 3, steps: drifting(257, 8) },
  { name: 'slots wrap around', n: 129, p: 4, capacity: 7, steps: drifting(129, 10, 0.5) },
  { name: 'all rows give way', n: 129, p: 5, capacity: 5, steps: drifting(129, 8) },
  { name: 'rows of one stripe give way', n: 1931, p: 4, capacity: 6, steps: stripes(1931, 9) },
  { name: 'many neurons', n: 1031, p: 16, capacity: 40, steps: drifting(1031, 8) },
  {
    name: 'until none is left',
    n: 5,
    p: 3,
    capacity: 4,
    replacement: false,
    steps: drifting(5, 7),
  },
  {
    name: 'many of them',
    n: 131,
    p: 4,
    capacity: 6,
    replacement: false,
    steps: drifting(131, 12, 0.25),
  },
  { name: 'three slices', n: 131, p: 4, capacity: 9, slices: 3, steps: drifting(131, 6, 0.125) },
  { name: 'NaN in a slice', n: 67, p: 2, capacity: 4, slices: 5, steps: [nans(67), level(67, 1)] },
  {
    name: 'a few candidates',
    n: 257,
    p: 4,
    capacity: 9,
    subset: (step) => Array.from({ length: 7 }, (_, e) => (step * 13 + e * 37) % 257),
    steps: drifting(257, 9, 0.25),
  },
  {
    name: 'one candidate, NaN in the end',
    n: 13,
    p: 3,
    capacity: 5,
    subset: (step) => [(step * 5) % 13],
    steps: [...drifting(13, 4), level(13, 1, { 7: Number.NaN })],
  },
  {
    name: 'candidates of which some are taken, two slices',
    n: 131,
    p: 3,
    capacity: 8,
    replacement: false,
    slices: 2,
    subset: () => [130, 4, 9, 77, 128, 0],
    steps: drifting(131, 7, 0.5),
  },
];

/** The scores as slices [slices × n] whose sum is exact. */
function sliced(scores: Float32Array, slices: number, seed: number): Float32Array {
  if (slices === 1) return scores;
  const parts = new Float32Array(slices * scores.length);
  const rest = Float32Array.from(scores);
  randomNumbers((slices - 1) * scores.length, seed).forEach((x, at) => {
    const part = Math.round(x * 8) / 8;
    parts[at] = part;
    const i = at % scores.length;
    rest[i] = (rest[i] ?? Number.NaN) - part;
  });
  parts.set(rest, (slices - 1) * scores.length);
  return parts;
}

function floats(values: readonly number[]): Float32Array {
  return Float32Array.from(values);
}

/** Scores whose best lie 128 apart, so that one thread's stripe holds many of them. */
function stripes(n: number, steps: number): Float32Array[] {
  return drifting(n, steps).map((scores) => scores.map((s, i) => (i % 128 === 9 ? s - 9 : s)));
}

/** With the threads of a software adapter, and of hardware that has few or many. */
export const pickCases: readonly KernelCase[] = [4, 256, 1024].flatMap((threads) =>
  SPECS.map((spec) => whereThreadsFit(threads, pickCase(spec, threads))),
);

function pickCase(spec: Spec, threads: number): KernelCase {
  const { n, p, capacity, replacement = true, slices = 1, subset, steps } = spec;
  const name = `pick${replacement ? '' : ' without replacement'}, ${spec.name}: ${n}, p = ${p}, ${threads} threads`;
  return memoryCase(name, async (device, memory) => {
    const scores = memory.buffer(nans(slices * n));
    const slots = memory.buffer(new Uint32Array(n).fill(NO_SLOT));
    const owners = memory.buffer(new Uint32Array(capacity));
    const words = new Uint32Array(SELECTION_STATE.candidates + p).fill(GUARD);
    words.fill(0, 0, SELECTION_STATE.nanCount + 1);
    const state = memory.buffer(words);
    const chosen = new Uint32Array(steps.length).fill(GUARD);
    const picks = memory.buffer(chosen);
    const known = randomNumbers(n * INNER_PRODUCTS, 99);
    const noted = nans(steps.length * TRACE.words);
    const trace = memory.buffer(noted);
    const options = { count: n, capacity, block: p, replacement, threads };
    const open = steps.map((_, step) => subset?.(step) ?? []);
    const run = await preparePick(device, {
      ...options,
      scores,
      slices,
      slots,
      owners,
      state,
      picks,
      innerProducts: memory.buffer(known),
      trace,
      subset: subset && {
        indices: memory.buffer(Uint32Array.from(open.flat())),
        size: open[0]?.length ?? 0,
      },
    });
    let expected: PickState = {
      slots: Array(n).fill('none'),
      owners: Array(capacity).fill(0),
      nextSlot: 0,
      passes: 0,
      nanCount: 0,
    };
    for (const [step, given] of steps.entries()) {
      upload(scores, sliced(given, slices, 50 + step));
      const commands = new Commands(device);
      run(commands, step);
      await commands.finish();
      const problem = { ...options, scores: given, subset: subset?.(step) };
      const answer = pickReference(problem, expected);
      const { pick } = answer;
      expected = answer.state;
      words[SELECTION_STATE.pending] = answer.candidates.length;
      words[SELECTION_STATE.pick] = pick ?? NO_SLOT;
      words[SELECTION_STATE.slot] = answer.slot ?? words[SELECTION_STATE.slot] ?? 0;
      words[SELECTION_STATE.nextSlot] = expected.nextSlot;
      words[SELECTION_STATE.passes] = expected.passes;
      words[SELECTION_STATE.nanCount] = expected.nanCount;
      words.set(answer.candidates, SELECTION_STATE.candidates);
      chosen[step] = pick ?? NO_SLOT;
      if (pick !== undefined) {
        const at = step * TRACE.words;
        noted[at + TRACE.score] = given[pick] ?? Number.NaN;
        const own = known.subarray(pick * INNER_PRODUCTS, (pick + 1) * INNER_PRODUCTS);
        noted.set(own, at + TRACE.innerProducts);
      }
      try {
        requireSame(await readOwnUints(state), words);
        requireSame(await readOwnUints(slots), expected.slots.map(slotWord));
        requireSame(await readOwnUints(owners), expected.owners);
        requireSame(await readOwnUints(picks), chosen);
        requireSame(await readOwnFloats(trace), noted);
      } catch (error) {
        throw new Error(`step ${step}: ${String(error)}`);
      }
    }
  });
}

function slotWord(slot: PickState['slots'][number]): number {
  if (slot === 'none') return NO_SLOT;
  return slot === 'taken' ? TAKEN : slot;
}
