import { NO_SLOT, SELECTION_STATE, TRACE } from '../../shaders/selection-state.js';
import type { RuleUpdate } from '../../src/kernels/average-update.js';
import type { RuleUpdateProblem } from '../../src/reference/average-update.js';
import { elementsOf } from '../../src/reference/element.js';
import { randomNumbers } from './case.js';
import { GUARD, type Memory, nans } from './memory.js';

/** One update of a rule, by its shape and the pick that it takes in. */
export interface UpdateSpec {
  readonly shape: readonly [n: number, outputs: number];
  readonly capacity: number;
  readonly slot: number;
  /** Undefined when no neuron could be picked: then nothing may change. */
  readonly pick: number | undefined;
  readonly step: number;
}

export const UPDATES: readonly UpdateSpec[] = [
  { shape: [1, 1], capacity: 1, slot: 0, pick: 0, step: 0 },
  { shape: [131, 2], capacity: 6, slot: 4, pick: 77, step: 1 },
  { shape: [67, 3], capacity: 5, slot: 0, pick: 66, step: 2 },
  { shape: [65, 10], capacity: 3, slot: 2, pick: 64, step: 5 },
  { shape: [129, 1], capacity: 11, slot: 6, pick: 1, step: 12 },
  { shape: [67, 2], capacity: 3, slot: 1, pick: undefined, step: 3 },
];

export interface UpdateData {
  readonly buffers: RuleUpdate;
  readonly problem: RuleUpdateProblem;
  readonly scores: Float32Array;
  readonly moments: Float32Array;
  /** The pick's moments, which the trace alone has: those in `moments` differ. */
  readonly picked: readonly [number, number, number, number];
}

/** Random operands of an update; all that it must not read is NaN. */
export function updateData(memory: Memory, spec: UpdateSpec): UpdateData {
  const { shape, capacity, slot, pick, step } = spec;
  const [n, outputs] = shape;
  const rows = nans(capacity * n);
  rows.set(randomNumbers(n, 1), slot * n);
  const b = randomNumbers(n * outputs, 2);
  const scores = randomNumbers(n, 3);
  const moments = momentsOf(randomNumbers(n * 4, 4));
  const picked = momentsOf(randomNumbers(4, 5));
  const state = new Uint32Array(SELECTION_STATE.candidates + 1).fill(GUARD);
  state[SELECTION_STATE.pick] = pick ?? NO_SLOT;
  state[SELECTION_STATE.slot] = slot;
  const trace = nans((step + 2) * TRACE.words);
  trace.set(picked, step * TRACE.words + TRACE.moments);
  const row = elementsOf(rows, n);
  return {
    buffers: {
      state: memory.buffer(state),
      trace: memory.buffer(trace),
      weights: memory.matrix(n, outputs, b),
      cache: memory.buffer(rows),
      moments: memory.buffer(moments),
      scores: memory.buffer(scores),
    },
    problem: {
      n,
      outputs,
      pick: pick ?? 0,
      weights: elementsOf(b, outputs),
      row: (i) => row(slot, i),
      moments: elementsOf(moments, 4),
    },
    scores,
    moments,
    picked: Array.from(picked) as [number, number, number, number],
  };
}

/** Quadruples of which the second and fourth, squared norms, are positive, and the fourth is less. */
function momentsOf(values: Float32Array): Float32Array {
  return values.map((x, at) => {
    if (at % 4 === 1) return 3 + Math.abs(x);
    // A few are next to nothing: combinations of the picks.
    return at % 4 === 3 ? (at % 28 === 3 ? 1e-6 : 1 + Math.abs(x)) : x;
  });
}

/** Every fourth value from `which` on. */
export function momentColumn(moments: Float32Array, which: number): Float32Array {
  return moments.filter((_, at) => at % 4 === which);
}
