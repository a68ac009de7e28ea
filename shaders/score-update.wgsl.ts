import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { NO_SLOT, SELECTION_STATE } from './selection-state.js';
import { unroll } from './unroll.js';

export interface ScoreUpdateOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
}

export const SCORE_UPDATE_THREADS = 64;

/**
 * Takes in the pick, one neuron a thread: stores the Gram rows just computed (the sum of their
 * slices) in the cache, and adds the pick's to the scores,
 * score_i ← score_i + 2 ((B_i · B_s)(H_i · H_s) − ⟨φ_i, y⟩).
 */
export function scoreUpdateShader({ outputs }: ScoreUpdateOptions) {
  return {
    name: 'score-update',
    bindings: {
      state: ['read', 'u32'],
      products: ['read', 'f32'],
      weights: ['read', 'f32'],
      correlations: ['read', 'f32'],
      cache: ['read_write', 'f32'],
      scores: ['read_write', 'f32'],
    },
    uniforms: {
      n: 'u32',
      p: 'u32',
      slices: 'u32',
      capacity: 'u32',
      products_stride: 'u32',
      weights_stride: 'u32',
    },
    workgroupSize: [SCORE_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let i = workgroup * ${SCORE_UPDATE_THREADS}u + local;
  let pick = state[${SELECTION_STATE.pick}];
  // Without a pick (all scores NaN, or all neurons taken) there is nothing to take in.
  if (i >= params.n || pick == ${NO_SLOT}u) { return; }
  let slot = state[${SELECTION_STATE.slot}];
  for (var q = 0u; q < state[${SELECTION_STATE.pending}]; q++) {
    var sum = 0.0;
    for (var s = 0u; s < params.slices; s++) {
      sum += products[(s * params.p + q) * params.products_stride + i];
    }
    cache[((slot + q) % params.capacity) * params.n + i] = sum;
  }
  var alignment = 0.0;
${unroll(
  outputs,
  (c) => `  alignment += weights[i * params.weights_stride + ${c}u]
    * weights[pick * params.weights_stride + ${c}u];`,
)}
  scores[i] += 2.0 * (alignment * cache[slot * params.n + i] - correlations[i]);
}
`,
  } as const;
}
