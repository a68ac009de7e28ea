import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { type LossKind, pointLoss } from './point-loss.js';
import { unroll } from './unroll.js';

export interface NetworkLossesOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  readonly loss: LossKind;
}

export const NETWORK_LOSSES_THREADS = 64;
/** Examples that one thread adds up. */
export const NETWORK_LOSSES_ROWS = 128;

/**
 * The losses of several networks on a block of examples. Their outputs lie side by side,
 * outputs [m × (networks · C)]; sums [slices × networks] = Σ_j loss(f_j, y_j), one network a
 * thread, a slice of examples at a time.
 */
export function networkLossesShader({ outputs, loss }: NetworkLossesOptions) {
  return {
    name: 'network-losses',
    bindings: {
      outputs: ['read', 'f32'],
      targets: ['read', 'f32'],
      sums: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      networks: 'u32',
      outputs_stride: 'u32',
      targets_stride: 'u32',
      first: 'u32',
      first_slice: 'u32',
    },
    workgroupSize: [NETWORK_LOSSES_THREADS, 1],
    body: wgsl`
${pointLoss(loss, outputs, 'f32')}

fn kernel(workgroup: u32, local: u32) {
  let across = (params.networks + ${NETWORK_LOSSES_THREADS - 1}u) / ${NETWORK_LOSSES_THREADS}u;
  let slice = workgroup / across;
  let network = (workgroup % across) * ${NETWORK_LOSSES_THREADS}u + local;
  let begin = slice * ${NETWORK_LOSSES_ROWS}u;
  if (network >= params.networks || begin >= params.m) { return; }
  let end = min(begin + ${NETWORK_LOSSES_ROWS}u, params.m);
  var sum = 0.0;
  for (var row = begin; row < end; row++) {
    let f = row * params.outputs_stride + network * ${outputs}u;
    let y = (params.first + row) * params.targets_stride;
    sum += point_loss(
      array<f32, ${outputs}>(${unroll(outputs, (c) => `outputs[f + ${c}u],`)}),
      array<f32, ${outputs}>(${unroll(outputs, (c) => `targets[y + ${c}u],`)}),
    );
  }
  sums[(params.first_slice + slice) * params.networks + network] = sum;
}
`,
  } as const;
}
