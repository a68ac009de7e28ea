import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export interface LossOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
}

const THREADS = 64;
const ROWS_PER_THREAD = 8;
/** Examples that one workgroup reduces to two sums. */
export const LOSS_ROWS = THREADS * ROWS_PER_THREAD;

/**
 * Reduces residuals f − y [m × C] to one pair a workgroup of LOSS_ROWS examples: Σ‖f − y‖² and
 * the number classified correctly. C = 1: f ≥ 1/2 and y ≥ 1/2 agree; C > 1: the largest f (the
 * first of equals) is at the one in y.
 */
export function lossShader({ outputs }: LossOptions) {
  return {
    name: 'loss',
    bindings: {
      residual: ['read', 'f32'],
      targets: ['read', 'f32'],
      sums: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      residual_stride: 'u32',
      targets_stride: 'u32',
      first: 'u32',
      first_group: 'u32',
    },
    workgroupSize: [THREADS, 1],
    body: wgsl`
var<workgroup> losses: array<f32, ${THREADS}>;
var<workgroup> hits: array<f32, ${THREADS}>;

fn kernel(workgroup: u32, local: u32) {
  var loss = 0.0;
  var correct = 0.0;
  for (var turn = 0u; turn < ${ROWS_PER_THREAD}u; turn++) {
    let row = workgroup * ${LOSS_ROWS}u + turn * ${THREADS}u + local;
    if (row >= params.m) { break; }
    let r = row * params.residual_stride;
    let y = (params.first + row) * params.targets_stride;
#if ${outputs === 1}
    let error = residual[r];
    let label = targets[y];
    loss += error * error;
    correct += select(0.0, 1.0, (error + label >= 0.5) == (label >= 0.5));
#else
    var best = residual[r] + targets[y];
    var winner = 0u;
    for (var c = 0u; c < ${outputs}u; c++) {
      let error = residual[r + c];
      loss += error * error;
      let output = error + targets[y + c];
      if (output > best) { best = output; winner = c; }
    }
    correct += select(0.0, 1.0, targets[y + winner] > 0.5);
#endif
  }
  losses[local] = loss;
  hits[local] = correct;
  workgroupBarrier();
  if (local > 1u) { return; }
  var sum = 0.0;
  for (var t = 0u; t < ${THREADS}u; t++) { sum += select(losses[t], hits[t], local == 1u); }
  sums[(params.first_group + workgroup) * 2u + local] = sum;
}
`,
  } as const;
}
