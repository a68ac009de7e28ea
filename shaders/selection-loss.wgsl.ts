import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { NO_SLOT, SELECTION_STATE } from './selection-state.js';
import { unroll } from './unroll.js';

export interface SelectionLossOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
}

const THREADS = 64;
const ROWS_PER_THREAD = 4;
/** Examples that one workgroup reduces to a sum. */
export const SELECTION_LOSS_ROWS = THREADS * ROWS_PER_THREAD;

/**
 * Adds the pick's outputs to the subnetwork's, total_j ← total_j + b_s σ(a_s · x_j), and measures
 * the loss of their average over `count` picks: Σ‖total_j / count − y_j‖², a sum a workgroup.
 */
export function selectionLossShader({ outputs }: SelectionLossOptions) {
  return {
    name: 'selection-loss',
    bindings: {
      state: ['read', 'u32'],
      activations: ['read', 'f32'],
      weights: ['read', 'f32'],
      targets: ['read', 'f32'],
      totals: ['read_write', 'f32'],
      sums: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      activations_stride: 'u32',
      weights_stride: 'u32',
      targets_stride: 'u32',
      first: 'u32',
      first_group: 'u32',
      count: 'f32',
    },
    workgroupSize: [THREADS, 1],
    body: wgsl`
var<workgroup> losses: array<f32, ${THREADS}>;

fn kernel(workgroup: u32, local: u32) {
  let pick = state[${SELECTION_STATE.pick}];
  if (pick == ${NO_SLOT}u) { return; }
  var loss = 0.0;
  for (var turn = 0u; turn < ${ROWS_PER_THREAD}u; turn++) {
    let row = workgroup * ${SELECTION_LOSS_ROWS}u + turn * ${THREADS}u + local;
    if (row >= params.m) { break; }
    let h = activations[row * params.activations_stride + pick];
    let y = (params.first + row) * params.targets_stride;
${unroll(
  outputs,
  (c) => `    {
      let total = totals[y + ${c}u] + h * weights[pick * params.weights_stride + ${c}u];
      totals[y + ${c}u] = total;
      let error = total / params.count - targets[y + ${c}u];
      loss += error * error;
    }`,
)}
  }
  losses[local] = loss;
  workgroupBarrier();
  if (local == 0u) {
    var sum = 0.0;
    for (var t = 0u; t < ${THREADS}u; t++) { sum += losses[t]; }
    sums[params.first_group + workgroup] = sum;
  }
}
`,
  } as const;
}
