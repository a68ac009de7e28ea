import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { activateFunction, type MapActivation } from './activations.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

export interface BatchNormOptions {
  /** A map is added before the activation. */
  readonly residual: boolean;
  readonly activation: MapActivation;
}

/** Rows that a turn of the loop takes. */
const TURN = 4;

/**
 * output = σ((input − mean) · weight / √(variance + ε) + bias [+ residual]), four channels of some
 * rows a thread, from statistics [2 × C] = [mean; variance] and affine [2 × C] = [weight; bias].
 */
export function batchNormShader({ residual, activation }: BatchNormOptions) {
  const store = (row: string) => wgsl`
#if ${residual}
    output[${row}] = activate((input[${row}] - mean) * scale + bias + residual[${row}]);
#else
    output[${row}] = activate((input[${row}] - mean) * scale + bias);
#endif`;
  return {
    name: 'batch-norm',
    bindings: {
      input: ['read', 'vec4<f32>'],
      statistics: ['read', 'vec4<f32>'],
      affine: ['read', 'vec4<f32>'],
      output: ['read_write', 'vec4<f32>'],
      ...(residual && ({ residual: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: { ...ROW_WALK_UNIFORMS, epsilon: 'f32' },
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
${activateFunction(activation, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  let mean = statistics[column];
  let spread = statistics[params.vectors + column] + params.epsilon;
  let scale = affine[column] * inverseSqrt(spread);
  let bias = affine[params.vectors + column];
  let end = at + count * step;
  let last = at + (count / ${TURN}u) * ${TURN}u * step;
  for (; at < last; at += ${TURN}u * step) {
${unroll(TURN, (r) => `    let x${r} = (input[at + ${r}u * step] - mean) * scale + bias;`)}
#if ${residual}
${unroll(TURN, (r) => `    let y${r} = x${r} + residual[at + ${r}u * step];`)}
#else
${unroll(TURN, (r) => `    let y${r} = x${r};`)}
#endif
${unroll(TURN, (r) => `    output[at + ${r}u * step] = activate(y${r});`)}
  }
  for (; at < end; at += step) {${store('at')}
  }
}
`,
  } as const;
}
