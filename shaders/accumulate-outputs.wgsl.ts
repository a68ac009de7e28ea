import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { StorageFormat } from '../src/half.js';
import { SELECTION_STATE } from './selection-state.js';
import { elementType, loadOne } from './storage.js';
import { unroll } from './unroll.js';

export interface AccumulateOutputsOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  /** Of the activations. */
  readonly storage: StorageFormat;
}

export const ACCUMULATE_OUTPUTS_THREADS = 64;

/** Adds the pick's outputs to the selected ones': totals_j ← totals_j + b_s σ(a_s · x_j). */
export function accumulateOutputsShader({ outputs, storage }: AccumulateOutputsOptions) {
  return {
    name: 'accumulate-outputs',
    bindings: {
      state: ['read', 'u32'],
      activations: ['read', elementType(storage)],
      weights: ['read', 'f32'],
      totals: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      n: 'u32',
      activations_stride: 'u32',
      weights_stride: 'u32',
      totals_stride: 'u32',
      first: 'u32',
    },
    workgroupSize: [ACCUMULATE_OUTPUTS_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let row = workgroup * ${ACCUMULATE_OUTPUTS_THREADS}u + local;
  let pick = state[${SELECTION_STATE.pick}];
  if (row >= params.m || pick >= params.n) { return; }
  let h = ${loadOne(storage, 'activations', 'row * params.activations_stride + pick')};
  let at = (params.first + row) * params.totals_stride;
${unroll(outputs, (c) => `  totals[at + ${c}u] += h * weights[pick * params.weights_stride + ${c}u];`)}
}
`,
  } as const;
}
