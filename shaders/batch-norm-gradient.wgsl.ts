import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { derivativeOfInput, type MapActivation } from './activations.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

export interface BatchNormGradientOptions {
  /**
   * The activation behind the batch norm; `none` where its derivative is in the gradient already.
   */
  readonly activation: MapActivation;
  /** The input's gradient is written over the output's. */
  readonly inPlace: boolean;
}

/** Rows that a turn of the loop takes. */
const TURN = 4;

/**
 * The gradient of batch norm's input. With g = gradient · σ′, x̂ = (input − mean) / √(variance + ε)
 * and the affine gradient [2 × C] = [Σ g x̂; Σ g] over n rows:
 * into = weight / √(variance + ε) · (g − (Σ g + x̂ Σ g x̂) / n).
 */
export function batchNormGradientShader({ activation, inPlace }: BatchNormGradientOptions) {
  const given = inPlace ? 'into' : 'gradient';
  const row = (r: string, at: string) => wgsl`
    let x${r} = input[${at}] - mean;
#if ${activation === 'none'}
    let g${r} = ${given}[${at}];
#else
    let g${r} = ${given}[${at}] * derivative(x${r} * scale + bias);
#endif`;
  const store = (r: string, at: string) =>
    `    into[${at}] = scale * (g${r} - (centre + x${r} * tilt));`;
  return {
    name: 'batch-norm-gradient',
    bindings: {
      input: ['read', 'vec4<f32>'],
      statistics: ['read', 'vec4<f32>'],
      affine: ['read', 'vec4<f32>'],
      affine_gradient: ['read', 'vec4<f32>'],
      into: ['read_write', 'vec4<f32>'],
      ...(!inPlace && ({ gradient: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: { ...ROW_WALK_UNIFORMS, epsilon: 'f32' },
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
${activation === 'none' ? '' : derivativeOfInput(activation, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  let mean = statistics[column];
  let inverse = inverseSqrt(statistics[params.vectors + column] + params.epsilon);
  let scale = affine[column] * inverse;
#if ${activation !== 'none'}
  let bias = affine[params.vectors + column];
#endif
  let share = 1.0 / f32(params.rows);
  let tilt = affine_gradient[column] * inverse * share;
  let centre = affine_gradient[params.vectors + column] * share;
  let end = at + count * step;
  let last = at + (count / ${TURN}u) * ${TURN}u * step;
  for (; at < last; at += ${TURN}u * step) {
${unroll(TURN, (r) => row(`${r}`, `at + ${r}u * step`))}
${unroll(TURN, (r) => store(`${r}`, `at + ${r}u * step`))}
  }
  for (; at < end; at += step) {
${row('', 'at')}
${store('', 'at')}
  }
}
`,
  } as const;
}
