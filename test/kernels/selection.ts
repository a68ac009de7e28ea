import { requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { INNER_PRODUCTS } from '../../shaders/inner-products.js';
import { SELECTION_STATE, TRACE } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { rowStride } from '../../src/gpu/matrix.js';
import { prepareAverageUpdate } from '../../src/kernels/average-update.js';
import { prepareCacheRows } from '../../src/kernels/cache-rows.js';
import { sliceCount } from '../../src/kernels/example-slices.js';
import { prepareGatherColumns } from '../../src/kernels/gather-columns.js';
import { prepareGramRows } from '../../src/kernels/gram-rows.js';
import { preparePick } from '../../src/kernels/pick.js';
import { prepareScoreInit } from '../../src/kernels/score-init.js';
import type { Bounded } from '../../src/reference/bound.js';
import { rowMajor } from '../../src/reference/element.js';
import { selectionScoresReference } from '../../src/reference/selection-scores.js';
import { type KernelCase, randomNumbers } from './case.js';
import { GUARD, type Memory, memoryCase, readOwnFloats, readOwnUints } from './memory.js';

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
export const selectionCases: readonly KernelCase[] = SELECTIONS.map((selection) => {
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
      activations: rowMajor(states, n),
      weights: rowMajor(b, outputs),
      targets: rowMajor(labels, outputs),
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

/** Scores all neurons and picks, all in one list of commands; what a case reads is read at the end. */
async function select(
  device: Device,
  memory: Memory,
  { chunks, n, outputs, p, capacity, picks: count, replacement }: Selection,
  data: Readonly<Record<'states' | 'b' | 'labels', Float32Array>>,
): Promise<{ readonly picks: readonly number[]; readonly scores: Float32Array }> {
  const stride = rowStride(n);
  const m = chunks.reduce((sum, rows) => sum + rows, 0);
  const slices = chunks.reduce((sum, rows) => sum + sliceCount(device, { m: rows, width: n }), 0);
  const weights = memory.matrix(n, outputs, data.b);
  const targets = memory.matrix(m, outputs, data.labels);
  const block = memory.matrix(Math.max(...chunks), p);
  const first = memory.buffer(nans(slices * (outputs + 1) * stride));
  const products = memory.buffer(nans(slices * p * stride));
  const state = memory.buffer(new Uint32Array(SELECTION_STATE.candidates + p));
  const innerProducts = memory.buffer(nans(n * INNER_PRODUCTS));
  const scores = memory.buffer(nans(n));
  const slots = memory.buffer(new Uint32Array(n).fill(GUARD));
  const owners = memory.buffer(new Uint32Array(capacity));
  const cache = memory.buffer(nans(capacity * n));
  const picks = memory.buffer(new Uint32Array(count).fill(GUARD));
  const commands = new Commands(device);

  const passes: (() => void)[] = [];
  let blockFirst = 0;
  let firstSlice = 0;
  for (const rows of chunks) {
    const call = { blockFirst: 0, firstSlice };
    const part = data.states.subarray(blockFirst * n, (blockFirst + rows) * n);
    const activations = memory.matrix(rows, n, part);
    const whole = { block: targets, activations, products: first, squares: true };
    (await prepareGramRows(device, whole))(commands, { ...call, blockFirst });
    const gather = await prepareGatherColumns(device, {
      activations,
      indices: state,
      list: SELECTION_STATE.pending,
      block,
    });
    const multiply = await prepareGramRows(device, { block, activations, products, state });
    passes.push(() => {
      gather(commands);
      multiply(commands, call);
    });
    blockFirst += rows;
    firstSlice += sliceCount(device, { m: rows, width: n });
  }
  const common = { stride, slices, weights, innerProducts, scores };
  (await prepareScoreInit(device, { ...common, products: first, slots }))(commands);
  const trace = memory.buffer(nans(count * TRACE.words));
  const pick = await preparePick(device, {
    count: n,
    scores,
    slices: 1,
    slots,
    owners,
    capacity,
    state,
    picks,
    innerProducts,
    trace,
    block: p,
    replacement,
  });
  const rows = { products, stride, slices, columns: p, cache, capacity, width: n };
  const keep = await prepareCacheRows(device, { ...rows, state });
  const update = await prepareAverageUpdate(device, {
    state,
    trace,
    weights,
    cache,
    innerProducts,
    scores,
  });
  for (let step = 0; step < count; step++) {
    pick(commands, step);
    for (const pass of passes) pass();
    keep(commands);
    update(commands);
  }
  await commands.finish();
  return { picks: [...(await readOwnUints(picks))], scores: await readOwnFloats(scores) };
}

/** @throws when another neuron's score is smaller for all errors within the bounds. */
function requireBest({ value, bound }: Bounded, open: readonly number[], pick: number): void {
  const end = (i: number, sign: number) => (value[i] ?? Number.NaN) + sign * (bound[i] ?? 0);
  const least = Math.min(...open.map((i) => end(i, 1)));
  if (open.includes(pick) && end(pick, -1) <= least) return;
  throw new Error(`${pick} was picked, whose score is ${value[pick]}; the best is ≤ ${least}`);
}
