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
var<workgroup> nan_count: atomic<u32>;
var<workgroup> pending: u32;

// What a thread has found: its best score, and how many of its scores are NaN.
struct Found { index: u32, score: f32, bad: u32 }

fn score_of(i: u32) -> f32 {
  var sum = scores[i];
  for (var s = 1u; s < params.slices; s++) { sum += scores[s * params.n + i]; }
  return sum;
}

// Every ${threads}th neuron from local on: the best of any that may be picked, or of any not cached.
fn scan(local: u32, uncached: bool) -> Found {
  var found = Found(NONE, 0.0, 0u);
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
    if (is_nan(s)) {
      found.bad++;
    } else if (open && is_better(i, s, found.index, found.score)) {
      // A subset need not be in order.
      found.index = i;
      found.score = s;
    }
  }
  return found;
}

fn kernel(workgroup: u32, local: u32) {
  var own = scan(local, false);
#if ${subset}
  // A NaN counts wherever it is.
  own.bad = 0u;
  for (var i = local; i < params.n; i += ${threads}u) { own.bad += u32(is_nan(score_of(i))); }
#endif
  if (own.bad > 0u) { atomicAdd(&nan_count, own.bad); }
  let pick = best_of_threads(local, own.index, own.score);
  if (local == 0u) {
    pending = 0u;
    state[${SELECTION_STATE.nanCount}] += atomicLoad(&nan_count);
    state[${SELECTION_STATE.pick}] = pick;
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
        pending = 1u;
        state[${SELECTION_STATE.slot}] = next;
        state[${SELECTION_STATE.candidates}] = pick;
        state[${SELECTION_STATE.passes}] += 1u;
        slots[pick] = next;
      }
    }
  }
  storageBarrier();
  if (workgroupUniformLoad(&pending) == 1u && params.p > 1u) {
    let first = state[${SELECTION_STATE.slot}];
    own = scan(local, true);
    for (var q = 1u; q < params.p; q++) {
      let chosen = best_of_threads(local, own.index, own.score);
      if (chosen == NONE) { break; }
      if (local == 0u) {
        slots[chosen] = (first + q) % params.capacity;
        state[${SELECTION_STATE.candidates}u + q] = chosen;
        pending = q + 1u;
      }
      storageBarrier();
      // Only the thread that lost its best has to look again.
      if (chosen % ${threads}u == local) { own = scan(local, true); }
    }
  }
  if (local == 0u) {
    state[${SELECTION_STATE.pending}] = pending;
    if (pending > 0u) { take_slots(0u, pending); }
#if ${!replacement}
    // Its row is kept for this step's update only: a neuron that is taken is never asked for again.
    if (pick != NONE) { slots[pick] = ${TAKEN}u; }
#endif
  }
}
`,
  } as const;
}
