import { SELECTION_STATE } from '../../shaders/selection-state.js';
import { Batch } from '../../src/gpu/batch.js';
import type { Device } from '../../src/gpu/device.js';
import { strideOf } from '../../src/gpu/matrix.js';
import { prepareArgmin } from '../../src/kernels/argmin.js';
import { prepareGatherColumns } from '../../src/kernels/gather-columns.js';
import { gramSlices, prepareGramRows } from '../../src/kernels/gram-rows.js';
import { prepareScoreInit } from '../../src/kernels/score-init.js';
import { prepareScoreUpdate } from '../../src/kernels/score-update.js';
import type { Bounded } from '../../src/reference/bound.js';
import { elementsOf } from '../../src/reference/element.js';
import {
  cachedRowReference,
  scoreUpdateReference,
  selectionScoresReference,
} from '../../src/reference/score-update.js';
import { type KernelCase, randomNumbers, requireSame, requireWithin } from './case.js';
import { floatsOf, GUARD, type Memory, memoryCase, nans, uintsOf } from './memory.js';

interface Update {
  readonly shape: readonly [n: number, outputs: number];
  readonly p: number;
  readonly slices: number;
  readonly capacity: number;
  readonly slot: number;
  readonly pending: number;
  readonly pick: number;
}

const UPDATES: readonly Update[] = [
  { shape: [1, 1], p: 1, slices: 1, capacity: 1, slot: 0, pending: 1, pick: 0 },
  { shape: [131, 2], p: 4, slices: 3, capacity: 6, slot: 4, pending: 4, pick: 77 },
  { shape: [67, 3], p: 4, slices: 2, capacity: 5, slot: 2, pending: 0, pick: 66 },
  { shape: [65, 10], p: 3, slices: 5, capacity: 3, slot: 2, pending: 2, pick: 64 },
  { shape: [129, 1], p: 5, slices: 2, capacity: 11, slot: 6, pending: 3, pick: 1 },
];

const updateCases = UPDATES.map((spec) => {
  const { shape, p, slices, capacity, slot, pending, pick } = spec;
  const [n, outputs] = shape;
  const name = `score-update ${shape.join(' × ')}, slot ${slot} of ${capacity}, ${pending} pending`;
  return memoryCase(name, async (device, memory) => {
    const entered = (row: number) => (row - slot + capacity) % capacity;
    const parts = randomNumbers(slices * p * n, 1).map((x, at) =>
      Math.floor(at / n) % p < pending ? x : Number.NaN,
    );
    const kept = randomNumbers(capacity * n, 2).map((x, at) =>
      entered(Math.floor(at / n)) < pending ? Number.NaN : x,
    );
    const b = randomNumbers(n * outputs, 3);
    const [fits, before] = [randomNumbers(n, 4), randomNumbers(n, 5)];
    const products = memory.matrix(slices * p, n, parts);
    const state = new Uint32Array(SELECTION_STATE.candidates + p).fill(GUARD);
    state[SELECTION_STATE.pending] = pending;
    state[SELECTION_STATE.pick] = pick;
    state[SELECTION_STATE.slot] = slot;
    const cache = memory.buffer(kept);
    const scores = memory.buffer(before);
    const run = await prepareScoreUpdate(device, {
      state: memory.buffer(state),
      products: products.buffer,
      stride: products.stride,
      slices,
      columns: p,
      weights: memory.matrix(n, outputs, b),
      correlations: memory.buffer(fits),
      cache,
      capacity,
      scores,
    });
    const batch = new Batch(device);
    run(batch);
    await batch.finish();
    const part = elementsOf(parts, n);
    const gram = (q: number) => (s: number, i: number) => part(s * p + q, i);
    const rows = await floatsOf(cache);
    for (let row = 0; row < capacity; row++) {
      const [begin, end] = [row * n, (row + 1) * n];
      const actual = rows.subarray(begin, end);
      const q = entered(row);
      if (q < pending) requireWithin(actual, cachedRowReference(n, slices, gram(q)));
      else requireSame(actual, kept.subarray(begin, end));
    }
    const reference = scoreUpdateReference({
      n,
      outputs,
      pick,
      slices: pending > 0 ? slices : 1,
      gram: pending > 0 ? gram(0) : (_, i) => elementsOf(kept, n)(slot, i),
      weights: elementsOf(b, outputs),
      correlations: fits,
      scores: before,
    });
    requireWithin(await floatsOf(scores), reference);
  });
});

interface Selection {
  /** Examples in each chunk of activations. */
  readonly chunks: readonly number[];
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly p: number;
  readonly capacity: number;
  readonly picks: number;
  readonly replacement: boolean;
}

const SELECTIONS: readonly Selection[] = [
  { chunks: [1061, 37], n: 67, outputs: 3, p: 4, capacity: 6, picks: 11, replacement: true },
  { chunks: [131, 67], n: 13, outputs: 1, p: 3, capacity: 3, picks: 13, replacement: false },
];

/** The selection's kernels one after the other, against the scores' definition. */
const selectionCases = SELECTIONS.map((selection) => {
  const { chunks, n, outputs, p, picks, replacement } = selection;
  const shape = `${chunks.join(' + ')} × ${n} × ${outputs}`;
  return memoryCase(`selection ${shape}, p = ${p}, ${picks} picks`, async (device, memory) => {
    const m = chunks.reduce((sum, rows) => sum + rows, 0);
    const states = randomNumbers(m * n, 1).map(Math.tanh);
    const b = randomNumbers(n * outputs, 2);
    const labels = randomNumbers(m * outputs, 3).map((x) => Number(x > 0));
    const found = await select(device, memory, selection, { states, b, labels });
    const steps = selectionScoresReference({
      m,
      n,
      outputs,
      activations: elementsOf(states, n),
      weights: elementsOf(b, outputs),
      targets: elementsOf(labels, outputs),
      picks: found.picks,
    });
    found.picks.forEach((pick, k) => {
      const earlier = replacement ? [] : found.picks.slice(0, k);
      requireBest(
        steps[k] as Bounded,
        [...Array(n).keys()].filter((i) => !earlier.includes(i)),
        pick,
      );
    });
    requireWithin(found.scores, steps[picks] as Bounded);
  });
});

/** Scores all neurons and picks, all in one batch; what a case reads is read at the end. */
async function select(
  device: Device,
  memory: Memory,
  { chunks, n, outputs, p, capacity, picks: count, replacement }: Selection,
  data: Readonly<Record<'states' | 'b' | 'labels', Float32Array>>,
): Promise<{ readonly picks: readonly number[]; readonly scores: Float32Array }> {
  const stride = strideOf(n);
  const m = chunks.reduce((sum, rows) => sum + rows, 0);
  const slices = chunks.reduce((sum, rows) => sum + gramSlices(device, rows), 0);
  const weights = memory.matrix(n, outputs, data.b);
  const targets = memory.matrix(m, outputs, data.labels);
  const block = memory.matrix(Math.max(...chunks), p);
  const first = memory.buffer(nans(slices * (outputs + 1) * stride));
  const products = memory.buffer(nans(slices * p * stride));
  const state = memory.buffer(new Uint32Array(SELECTION_STATE.candidates + p));
  const [correlations, scores] = [memory.buffer(nans(n)), memory.buffer(nans(n))];
  const slots = memory.buffer(new Uint32Array(n).fill(GUARD));
  const owners = memory.buffer(new Uint32Array(capacity));
  const cache = memory.buffer(nans(capacity * n));
  const picks = memory.buffer(new Uint32Array(count).fill(GUARD));
  const batch = new Batch(device);

  const passes: (() => void)[] = [];
  let blockFirst = 0;
  let firstSlice = 0;
  for (const rows of chunks) {
    const call = { blockFirst: 0, firstSlice };
    const part = data.states.subarray(blockFirst * n, (blockFirst + rows) * n);
    const activations = memory.matrix(rows, n, part);
    const whole = { block: targets, activations, products: first, squares: true };
    (await prepareGramRows(device, whole))(batch, { ...call, blockFirst });
    const gather = await prepareGatherColumns(device, activations, state, block);
    const multiply = await prepareGramRows(device, { block, activations, products, state });
    passes.push(() => {
      gather(batch);
      multiply(batch, call);
    });
    blockFirst += rows;
    firstSlice += gramSlices(device, rows);
  }
  const common = { stride, slices, weights, correlations, scores };
  (await prepareScoreInit(device, { ...common, products: first, slots }))(batch);
  const argmin = await prepareArgmin(device, {
    count: n,
    scores,
    slots,
    owners,
    capacity,
    state,
    picks,
    block: p,
    replacement,
  });
  const update = await prepareScoreUpdate(device, {
    ...common,
    state,
    products,
    columns: p,
    cache,
    capacity,
  });
  for (let step = 0; step < count; step++) {
    argmin(batch, step);
    for (const pass of passes) pass();
    update(batch);
  }
  await batch.finish();
  return { picks: [...(await uintsOf(picks))], scores: await floatsOf(scores) };
}

/** @throws when another neuron's score is smaller for all errors within the bounds. */
function requireBest({ value, bound }: Bounded, open: readonly number[], pick: number): void {
  const end = (i: number, sign: number) => (value[i] ?? Number.NaN) + sign * (bound[i] ?? 0);
  const least = Math.min(...open.map((i) => end(i, 1)));
  if (open.includes(pick) && end(pick, -1) <= least) return;
  throw new Error(`${pick} was picked, whose score is ${value[pick]}; the best is ≤ ${least}`);
}

export const scoreUpdateCases: readonly KernelCase[] = [...updateCases, ...selectionCases];
