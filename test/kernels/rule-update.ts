import { nans } from '../../bench/numbers.js';
import { CORRECTIVE_WORDS } from '../../shaders/corrective-update.wgsl.js';
import { INNER_PRODUCTS, namedProducts } from '../../shaders/inner-products.js';
import { NO_SLOT, SELECTION_STATE, TRACE } from '../../shaders/selection-state.js';
import type { RuleUpdate } from '../../src/kernels/average-update.js';
import type { RuleUpdateProblem } from '../../src/reference/average-update.js';
import { rowMajor } from '../../src/reference/element.js';
import { randomNumbers } from './case.js';
import { GUARD, type Memory } from './memory.js';

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

export interface UpdateData<Name extends string> {
  readonly buffers: RuleUpdate;
  readonly problem: RuleUpdateProblem<Name>;
  readonly scores: Float32Array;
  readonly innerProducts: Float32Array;
  /** The pick's inner products, which the trace alone has: those in `innerProducts` differ. */
  readonly picked: Readonly<Record<Name, number>>;
}

/** Random operands of an update by a rule with these words; all that it must not read is NaN. */
export function updateData<Name extends string>(
  memory: Memory,
  spec: UpdateSpec,
  words: Readonly<Record<Name, number>>,
): UpdateData<Name> {
  const { shape, capacity, slot, pick, step } = spec;
  const [n, outputs] = shape;
  const rows = nans(capacity * n);
  rows.set(randomNumbers(n, 1), slot * n);
  const b = randomNumbers(n * outputs, 2);
  const scores = randomNumbers(n, 3);
  const innerProducts = withNorms(randomNumbers(n * INNER_PRODUCTS, 4));
  const picked = withNorms(randomNumbers(INNER_PRODUCTS, 5));
  const state = new Uint32Array(SELECTION_STATE.candidates + 1).fill(GUARD);
  state[SELECTION_STATE.pick] = pick ?? NO_SLOT;
  state[SELECTION_STATE.slot] = slot;
  const trace = nans((step + 2) * TRACE.words);
  trace.set(picked, step * TRACE.words + TRACE.innerProducts);
  const row = rowMajor(rows, n);
  return {
    buffers: {
      state: memory.buffer(state),
      trace: memory.buffer(trace),
      weights: memory.matrix(n, outputs, b),
      cache: memory.buffer(rows),
      innerProducts: memory.buffer(innerProducts),
      scores: memory.buffer(scores),
    },
    problem: {
      n,
      outputs,
      pick: pick ?? 0,
      weights: rowMajor(b, outputs),
      row: (i) => row(slot, i),
      known: (i) => namedProducts(words, innerProducts, i * INNER_PRODUCTS),
    },
    scores,
    innerProducts,
    picked: namedProducts(words, picked, 0),
  };
}

/** The same with squared norms that are positive, and less outside the picks' span than in all. */
function withNorms(values: Float32Array): Float32Array {
  return values.map((x, at) => {
    const word = at % INNER_PRODUCTS;
    if (word === CORRECTIVE_WORDS.energy) return 3 + Math.abs(x);
    if (word !== CORRECTIVE_WORDS.outside) return x;
    // A few are next to nothing: combinations of the picks.
    return Math.floor(at / INNER_PRODUCTS) % 7 === 0 ? 1e-6 : 1 + Math.abs(x);
  });
}

/** This word of every neuron's inner products. */
export function wordColumn(innerProducts: Float32Array, word: number): Float32Array {
  return innerProducts.filter((_, at) => at % INNER_PRODUCTS === word);
}
