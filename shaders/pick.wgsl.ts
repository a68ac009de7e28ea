import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { bestOfThreads } from './best-of-threads.js';
import { INNER_PRODUCTS } from './inner-products.js';
import { SELECTION_STATE, TAKEN, TRACE } from './selection-state.js';
import { TAKE_SLOTS } from './take-slots.js';

export interface PickOptions {
  /** A pick may be picked again. */
  readonly replacement: boolean;
  /** Threads of the one workgroup: many on hardware, few where each takes its turn at a barrier. */
  readonly threads: number;
  /** Only the neurons that `subset` lists for the step may be picked. */
  readonly subset: boolean;
}

/**
 * Picks the neuron of the smallest score, the lowest index among equals; NaN never wins and is
 * counted. When the pick's Gram row is not cached, the best-scoring others that are not cached
 * join it, up to p in all: their rows cost no further pass over the activations. They take the
 * slots from the next one on, and the rows that were there are forgotten. Scores may come in
 * slices [slices × N], whose sum counts. The pick's score and inner products go to the trace,
 * since a rule's update overwrites them. One workgroup.
 */
export function pickShader({ replacement, subset, threads }: PickOptions) {
  return {
    name: 'pick',
    bindings: {
      scores: ['read', 'f32'],
      slots: ['read_write', 'u32'],
      owners: ['read_write', 'u32'],
      state: ['read_write', 'u32'],
      picks: ['read_write', 'u32'],
      innerProducts: ['read', 'vec4<f32>'],
      trace: ['read_write', 'f32'],
      ...(subset && ({ subset: ['read', 'u32'] } as const)),
    },
    uniforms: {
      n: 'u32',
      slices: 'u32',
      p: 'u32',
      capacity: 'u32',
      step: 'u32',
      subset_size: 'u32',
    },
    workgroupSize: [threads, 1],
    body: wgsl`
${bestOfThreads(threads)}${TAKE_SLOTS}
var<workgroup> nan_counts: array<u32, ${threads}>;
var<workgroup> winner: u32;

fn score_of(i: u32) -> f32 {
  var sum = scores[i];
  for (var s = 1u; s < params.slices; s++) { sum += scores[s * params.n + i]; }
  return sum;
}

// The best of every ${threads}th neuron from local on: any that may be picked, or any not cached.
fn scan(local: u32, uncached: bool) {
  var index = NONE;
  var score = 0.0;
#if ${subset}
  let count = select(params.subset_size, params.n, uncached);
#else
  let count = params.n;
#endif
  for (var e = local; e < count; e += ${threads}u) {
#if ${subset}
    let i = select(subset[params.step * params.subset_size + e], e, uncached);
#else
    let i = e;
#endif
    let slot = slots[i];
    let open = select(slot != ${TAKEN}u, slot == NONE, uncached);
    let s = score_of(i);
    // A subset need not be in order.
    let better = index == NONE || s < score || (s == score && i < index);
    if (open && !is_nan(s) && better) { index = i; score = s; }
  }
  best_index[local] = index;
  best_score[local] = score;
}

fn kernel(workgroup: u32, local: u32) {
  var count = 0u;
  for (var i = local; i < params.n; i += ${threads}u) { count += u32(is_nan(score_of(i))); }
  nan_counts[local] = count;
  scan(local, false);
  workgroupBarrier();
  if (local == 0u) {
    let pick = reduce();
    var bad = 0u;
    for (var t = 0u; t < ${threads}u; t++) { bad += nan_counts[t]; }
    state[${SELECTION_STATE.nanCount}] += bad;
    state[${SELECTION_STATE.pick}] = pick;
    state[${SELECTION_STATE.pending}] = 0u;
    picks[params.step] = pick;
    if (pick != NONE) {
      let at = params.step * ${TRACE.words}u;
      trace[at + ${TRACE.score}u] = score_of(pick);
      for (var c = 0u; c < ${INNER_PRODUCTS}u; c++) {
        trace[at + ${TRACE.innerProducts}u + c] = innerProducts[pick][c];
      }
      let slot = slots[pick];
      state[${SELECTION_STATE.slot}] = slot;
      if (slot == NONE) {
        let next = state[${SELECTION_STATE.nextSlot}];
        state[${SELECTION_STATE.slot}] = next;
        state[${SELECTION_STATE.pending}] = 1u;
        state[${SELECTION_STATE.candidates}] = pick;
        state[${SELECTION_STATE.passes}] += 1u;
        slots[pick] = next;
      }
    }
    winner = select(0u, 1u, state[${SELECTION_STATE.pending}] == 1u && params.p > 1u);
  }
  if (workgroupUniformLoad(&winner) == 1u) {
    let first = state[${SELECTION_STATE.slot}];
    storageBarrier();
    scan(local, true);
    for (var q = 1u; q < params.p; q++) {
      workgroupBarrier();
      if (local == 0u) {
        winner = reduce();
        if (winner != NONE) {
          slots[winner] = (first + q) % params.capacity;
          state[${SELECTION_STATE.candidates}u + q] = winner;
          state[${SELECTION_STATE.pending}] = q + 1u;
        }
      }
      storageBarrier();
      let chosen = workgroupUniformLoad(&winner);
      if (chosen == NONE) { break; }
      // Only the thread that lost its best has to look again.
      if (chosen % ${threads}u == local) { scan(local, true); }
    }
  }
  storageBarrier();
  if (local == 0u && state[${SELECTION_STATE.pending}] > 0u) {
    take_slots(0u, state[${SELECTION_STATE.pending}]);
  }
#if ${!replacement}
  // Its row is kept for this step's update only: a neuron that is taken is never asked for again.
  if (local == 0u && state[${SELECTION_STATE.pick}] != NONE) {
    slots[state[${SELECTION_STATE.pick}]] = ${TAKEN}u;
  }
#endif
}
`,
  } as const;
}
