import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { AVERAGE_WORDS } from './average-update.wgsl.js';
import { bestOfThreads } from './best-of-threads.js';
import { SELECTION_STATE, TAKEN } from './selection-state.js';
import { TAKE_SLOTS } from './take-slots.js';
import { unroll } from './unroll.js';

export interface LookaheadOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  /** A pick may be picked again. */
  readonly replacement: boolean;
  /** Threads of the one workgroup: many on hardware, few where each takes its turn at a barrier. */
  readonly threads: number;
}

/**
 * When the pick's Gram row is not cached, foresees which rows the next picks will ask for, so that
 * they come with it in one pass over the activations. The selection is played on with the cached rows,
 * and with estimates of the others. It ends when p neurons without a row have been picked or `limit`
 * picks are made. Places that are left go to the best scores at that point. A wrong guess costs a pass
 * later and never changes a pick. `sketch` holds the estimates [N × N] and, behind
 * them, the scores as they are played on [N]. One workgroup.
 */
export function lookaheadShader({ outputs, replacement, threads }: LookaheadOptions) {
  return {
    name: 'lookahead',
    bindings: {
      scores: ['read', 'f32'],
      slots: ['read_write', 'u32'],
      owners: ['read_write', 'u32'],
      state: ['read_write', 'u32'],
      weights: ['read', 'f32'],
      innerProducts: ['read', 'vec4<f32>'],
      cache: ['read', 'f32'],
      sketch: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', p: 'u32', capacity: 'u32', limit: 'u32', weights_stride: 'u32' },
    workgroupSize: [threads, 1],
    body: wgsl`
${bestOfThreads(threads)}${TAKE_SLOTS}
const NEVER = 3.4e38;
var<workgroup> wanted: u32;

// Has the neuron's row computed in this pass, in the slot behind those before it.
fn want(i: u32) {
  slots[i] = (state[${SELECTION_STATE.slot}] + wanted) % params.capacity;
  state[${SELECTION_STATE.candidates}u + wanted] = i;
  wanted++;
}

fn kernel(workgroup: u32, local: u32) {
  if (local == 0u) {
    wanted = state[${SELECTION_STATE.pending}];
    best_index[0] = state[${SELECTION_STATE.pick}];
  }
  var count = workgroupUniformLoad(&wanted);
  if (count == 0u) { return; }
  let first = state[${SELECTION_STATE.slot}];
  let base = params.n * params.n;
  for (var i = local; i < params.n; i += ${threads}u) { sketch[base + i] = scores[i]; }

  var pick = workgroupUniformLoad(&best_index[0]);
  for (var made = 0u; made < params.limit && pick != NONE && count < params.p; made++) {
    let slot = slots[pick];
    // Rows of this very pass are not there yet.
    let ahead = (slot + params.capacity - first) % params.capacity;
    let cached = slot < params.capacity && ahead >= count;
${unroll(outputs, (c) => `    let w${c} = weights[pick * params.weights_stride + ${c}u];`)}
    var index = NONE;
    var score = 0.0;
    for (var i = local; i < params.n; i += ${threads}u) {
      var product = 0.0;
      if (cached) { product = cache[slot * params.n + i]; } else { product = sketch[pick * params.n + i]; }
      var alignment = 0.0;
${unroll(outputs, (c) => `      alignment += weights[i * params.weights_stride + ${c}u] * w${c};`)}
      var s = sketch[base + i] + 2.0 * (alignment * product - innerProducts[i][${AVERAGE_WORDS.correlation}]);
#if ${!replacement}
      if (i == pick || slots[i] == ${TAKEN}u) { s = NEVER; }
#endif
      sketch[base + i] = s;
      if (!is_nan(s) && s < NEVER && (index == NONE || s < score)) { index = i; score = s; }
    }
    pick = best_of_threads(local, index, score);
    if (local == 0u && pick != NONE) {
      if (slots[pick] == NONE) { want(pick); }
    }
    storageBarrier();
    count = workgroupUniformLoad(&wanted);
  }

  // What is left of the block goes to the best of those without a row.
  while (count < params.p) {
    var index = NONE;
    var score = 0.0;
    for (var i = local; i < params.n; i += ${threads}u) {
      let s = sketch[base + i];
      if (slots[i] == NONE && !is_nan(s) && (index == NONE || s < score)) { index = i; score = s; }
    }
    let best = best_of_threads(local, index, score);
    if (best == NONE) { break; }
    if (local == 0u) { want(best); }
    storageBarrier();
    count = workgroupUniformLoad(&wanted);
  }

  if (local == 0u) {
    // The pick has its own slot already.
    take_slots(1u, wanted);
    state[${SELECTION_STATE.pending}] = wanted;
  }
}
`,
  } as const;
}
