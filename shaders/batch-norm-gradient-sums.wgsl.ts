import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { type Bend, derivativeOfBend } from './activations.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

/** Rows that a turn of the loop takes. */
const TURN = 4;

/**
 * The sums of batch norm's backward step, for each slice of rows: sums [2 slices × C] =
 * [Σ g x̂; Σ g], with g = gradient · σ′ and x̂ = (input − mean) / √(variance + ε). With a residual, g
 * is written over the gradient: it is the residual's gradient, and the next kernel need not read the output.
 */
export function batchNormGradientSumsShader(bend: Bend) {
  const masked = bend.from === 'output';
  /** One row's share, with x and g of its own names. */
  const row = (r: string, at: string) => wgsl`
    let x${r} = input[${at}] - mean;
#if ${bend.from === 'input'}
    let g${r} = gradient[${at}] * derivative(x${r} * scale + bias);
#elif ${masked}
    let g${r} = gradient[${at}] * derivative(output[${at}]);
    gradient[${at}] = g${r};
#else
    let g${r} = gradient[${at}];
#endif`;
  return {
    name: 'batch-norm-gradient-sums',
    bindings: {
      gradient: [masked ? 'read_write' : 'read', 'vec4<f32>'],
      input: ['read', 'vec4<f32>'],
      statistics: ['read', 'vec4<f32>'],
      sums: ['read_write', 'vec4<f32>'],
      ...(bend.from === 'input' && ({ affine: ['read', 'vec4<f32>'] } as const)),
      ...(masked && ({ output: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: { ...ROW_WALK_UNIFORMS, epsilon: 'f32' },
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
${derivativeOfBend(bend, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  let mean = statistics[column];
  let inverse = inverseSqrt(statistics[params.vectors + column] + params.epsilon);
#if ${bend.from === 'input'}
  let scale = affine[column] * inverse;
  let bias = affine[params.vectors + column];
#endif
  var products = vec4<f32>();
  var sum = vec4<f32>();
  let end = at + count * step;
  let last = at + (count / ${TURN}u) * ${TURN}u * step;
  for (; at < last; at += ${TURN}u * step) {
${unroll(TURN, (r) => row(`${r}`, `at + ${r}u * step`))}
    products += (g0 * x0 + g1 * x1) + (g2 * x2 + g3 * x3);
    sum += (g0 + g1) + (g2 + g3);
  }
  for (; at < end; at += step) {
${row('', 'at')}
    products += g * x;
    sum += g;
  }
  let to = 2u * slice * params.vectors + column;
  sums[to] = products * inverse;
  sums[to + params.vectors] = sum;
}
`,
  } as const;
}
