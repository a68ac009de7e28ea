import { EspalierError } from '../errors.js';
import { Batch } from '../gpu/batch.js';
import { readFloats, readUints } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { largestBinding } from '../gpu/limits.js';
import { Scope } from '../gpu/scope.js';
import { NO_SLOT, prepareArgmin, SELECTION_STATE } from '../kernels/argmin.js';
import { prepareGatherColumns } from '../kernels/gather-columns.js';
import { gramSlices, prepareGramRows } from '../kernels/gram-rows.js';
import { prepareScoreInit } from '../kernels/score-init.js';
import { prepareScoreUpdate } from '../kernels/score-update.js';
import { prepareSelectionLoss, selectionLossGroups } from '../kernels/selection-loss.js';
import type { Selection, SelectionProblem } from './selection.js';

export interface GreedyOptions {
  /** k, the number of picks. */
  readonly neurons: number;
  /** A neuron may be picked again, which gives it more weight. */
  readonly replacement: boolean;
  /** p: Gram rows computed in one pass over the activations; chosen by adapter when absent. */
  readonly block?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A hardware GPU is short of bandwidth, so many rows share a pass; a software adapter is short of
 * arithmetic, so speculation must not cost more than the pass it may save.
 */
const BLOCK = { hardware: 16, software: 4 } as const;

/** Share of the activations' memory that cached Gram rows may take. */
const CACHE_SHARE = 1 / 4;

/**
 * Greedy forward selection for the squared loss, exact (Ye et al., ICML 2020, with the Gram
 * identity): argmin_i ‖f_{S+i} − y‖² = argmin_i ⟨ψ_i, ψ_i⟩ + 2 Σ_{s∈S} ⟨ψ_s, ψ_i⟩ with
 * ψ_i = φ_i − y. A pick adds twice its Gram row to the scores: a pass over the activations for
 * each *block* of distinct picks, O(N) for a repeated one. All k steps run on the GPU without a
 * read-back. Ties go to the lowest index. Yields the number of picks made, now and then.
 *
 * Besides the problem it holds p columns and rows of N, and at most a quarter of the activations'
 * size of cached rows.
 *
 * @throws bad-config for k < 1, or k > N without replacement; bad-data when a neuron's activations
 *   or weights are not finite; aborted between submits.
 */
export async function* selectGreedily(
  device: Device,
  { activations, weights, targets }: SelectionProblem,
  { neurons: k, replacement, signal, ...options }: GreedyOptions,
): AsyncGenerator<number, Selection> {
  const { rows: m, columns: n, chunks } = activations;
  requireCount(k, n, replacement);
  using scope = new Scope(device);
  const p = Math.min(options.block ?? BLOCK[device.adapter.kind], n);
  const fitting = Math.floor(largestBinding(device) / (n * 4));
  const capacity = Math.min(n, fitting, Math.max(p, Math.floor(m * CACHE_SHARE)));
  const stride = chunks[0]?.stride ?? 0;
  const outputs = weights.columns;

  const layout = layOut(device, chunks);
  const { slices, groups } = layout;
  const products = scope.buffer('gram products', slices * Math.max(p, outputs + 1) * stride);
  const cache = scope.buffer('gram row cache', capacity * n);
  const correlations = scope.buffer('correlations', n);
  const scores = scope.buffer('scores', n);
  const slots = scope.buffer('slots', n);
  const owners = scope.buffer('slot owners', capacity);
  const state = scope.buffer('selection state', SELECTION_STATE.candidates + p);
  const picks = scope.buffer('picks', k);
  const totals = scope.matrix('selected outputs', m, outputs);
  const sums = scope.buffer('selection losses', k * groups);

  const initialise = await prepareScoreInit(device, {
    products,
    stride,
    slices,
    weights,
    correlations,
    scores,
    slots,
  });
  const pick = await prepareArgmin(device, {
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
    state,
    products,
    stride,
    slices,
    columns: p,
    weights,
    correlations,
    cache,
    capacity,
    scores,
  });
  const perChunk = await Promise.all(
    layout.chunks.map(async ({ chunk, firstSlice, firstGroup }) => {
      const block = scope.matrix('candidate activations', chunk.rows, p);
      return {
        chunk,
        firstSlice,
        firstGroup,
        correlate: await prepareGramRows(device, {
          block: targets,
          activations: chunk,
          products,
          squares: true,
        }),
        gather: await prepareGatherColumns(device, chunk, state, block),
        multiply: await prepareGramRows(device, { block, activations: chunk, products, state }),
        measure: await prepareSelectionLoss(device, {
          state,
          activations: chunk,
          weights,
          targets,
          totals,
          sums,
        }),
      };
    }),
  );

  const batch = new Batch(device);
  for (const { correlate, chunk, firstSlice } of perChunk) {
    correlate(batch, { blockFirst: chunk.firstRow, firstSlice });
  }
  initialise(batch);
  for (let step = 0; step < k; step++) {
    pick(batch, step);
    for (const { gather, multiply, firstSlice } of perChunk) {
      gather(batch);
      multiply(batch, { blockFirst: 0, firstSlice });
    }
    update(batch);
    for (const { measure, chunk, firstGroup } of perChunk) {
      measure(batch, {
        first: chunk.firstRow,
        firstGroup: step * groups + firstGroup,
        count: step + 1,
      });
    }
    if (await batch.breathe(signal)) yield step + 1;
  }
  await batch.finish();

  const selected = await readUints(picks);
  const finalState = await readUints(state);
  requireFinite(selected, finalState[SELECTION_STATE.notNumbers] ?? 0, n);
  return {
    selected,
    loss: lossesOf(await readFloats(sums), k, groups, m),
    distinct: new Set(selected).size,
    passes: finalState[SELECTION_STATE.passes] ?? 0,
  };
}

/** Where each chunk's slices of Gram rows and groups of losses begin, and how many there are. */
function layOut(device: Device, chunks: SelectionProblem['activations']['chunks']) {
  let slices = 0;
  let groups = 0;
  const placed = chunks.map((chunk) => {
    const place = { chunk, firstSlice: slices, firstGroup: groups };
    slices += gramSlices(device, chunk.rows);
    groups += selectionLossGroups(chunk.rows);
    return place;
  });
  return { chunks: placed, slices, groups };
}

/** Adds the groups' sums in float64: 1/(2m) Σ‖error‖² after each pick. */
function lossesOf(sums: Float32Array, k: number, groups: number, m: number): Float32Array {
  return Float32Array.from({ length: k }, (_, step) => {
    let sum = 0;
    for (const part of sums.subarray(step * groups, (step + 1) * groups)) sum += part;
    return sum / (2 * m);
  });
}

function requireCount(k: number, n: number, replacement: boolean): void {
  if (!Number.isInteger(k) || k < 1) {
    throw new EspalierError('bad-config', `--neurons must be a whole number from 1 on, not ${k}.`);
  }
  if (!replacement && k > n) {
    throw new EspalierError(
      'bad-config',
      `--neurons ${k} without replacement asks for more than the network's ${n} neurons; use at most ${n}, or allow replacement.`,
    );
  }
}

function requireFinite(selected: Uint32Array, notNumbers: number, n: number): void {
  if (notNumbers === 0 && !selected.includes(NO_SLOT)) return;
  throw new EspalierError(
    'bad-data',
    `Selection met neurons whose outputs are not numbers (${Math.ceil(notNumbers / selected.length)} of ${n}): the network has diverged. Train it with a smaller --learning-rate.`,
  );
}
