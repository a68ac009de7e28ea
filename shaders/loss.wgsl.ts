import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { type LossKind, pointLoss } from './point-loss.js';
import { unroll } from './unroll.js';

export interface LossOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  readonly loss: LossKind;
}

const THREADS = 64;
const ROWS_PER_THREAD = 8;
/** Examples that one workgroup reduces to two sums. */
export const LOSS_ROWS = THREADS * ROWS_PER_THREAD;

/**
 * Reduces a network's outputs f [m × C] to one pair a workgroup of LOSS_ROWS examples: the sum of
 * the losses (‖f − y‖², or the cross-entropy) and the number classified correctly. C = 1: f ≥ 1/2
 * and y ≥ 1/2 agree; C > 1: the largest f (the first of equals) is at the one in y.
 */
export function lossShader({ outputs, loss }: LossOptions) {
  return {
    name: 'loss',
    bindings: {
      outputs: ['read', 'f32'],
      targets: ['read', 'f32'],
      sums: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      outputs_stride: 'u32',
      targets_stride: 'u32',
      first: 'u32',
      first_group: 'u32',
    },
    workgroupSize: [THREADS, 1],
    body: wgsl`
${pointLoss(loss, outputs, 'f32')}
var<workgroup> losses: array<f32, ${THREADS}>;
var<workgroup> hits: array<f32, ${THREADS}>;

fn kernel(workgroup: u32, local: u32) {
  var loss = 0.0;
  var correct = 0.0;
  for (var turn = 0u; turn < ${ROWS_PER_THREAD}u; turn++) {
    let row = workgroup * ${LOSS_ROWS}u + turn * ${THREADS}u + local;
    if (row >= params.m) { break; }
    let at = row * params.outputs_stride;
    let label = (params.first + row) * params.targets_stride;
    let f = array<f32, ${outputs}>(${unroll(outputs, (c) => `outputs[at + ${c}u],`)});
    let y = array<f32, ${outputs}>(${unroll(outputs, (c) => `targets[label + ${c}u],`)});
    loss += point_loss(f, y);
#if ${outputs === 1}
    correct += select(0.0, 1.0, (f[0] >= 0.5) == (y[0] >= 0.5));
#else
    var best = f[0];
    var chosen = y[0];
${unroll(outputs - 1, (c) => `    if (f[${c + 1}] > best) { best = f[${c + 1}]; chosen = y[${c + 1}]; }`)}
    correct += select(0.0, 1.0, chosen > 0.5);
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
