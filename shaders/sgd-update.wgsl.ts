import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export interface SgdUpdateOptions {
  /** Steps are accumulated in a velocity. */
  readonly momentum: boolean;
  /** Nesterov's momentum: the step looks ahead along the velocity that it has just made. */
  readonly nesterov: boolean;
  /** A parameter that is zero stays zero, and so does its velocity. */
  readonly keepZeros: boolean;
}

export const SGD_UPDATE_THREADS = 64;

/**
 * A step of stochastic gradient descent, four parameters w a thread: g ← gradient + decay · w,
 * v ← momentum · v + g, w ← w − rate · v, or with Nesterov's momentum w ← w − rate · (g + momentum · v).
 * Where zeros are kept, a w of zero has g = 0 and v = 0.
 */
export function sgdUpdateShader({ momentum, nesterov, keepZeros }: SgdUpdateOptions) {
  return {
    name: 'sgd-update',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      parameters: ['read_write', 'vec4<f32>'],
      ...(momentum && ({ velocity: ['read_write', 'vec4<f32>'] } as const)),
    },
    uniforms: { vectors: 'u32', rate: 'f32', momentum: 'f32', decay: 'f32' },
    workgroupSize: [SGD_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let e = workgroup * ${SGD_UPDATE_THREADS}u + local;
  if (e >= params.vectors) { return; }
  let w = parameters[e];
#if ${keepZeros}
  let zero = w == vec4<f32>();
  let g = select(gradient[e] + params.decay * w, vec4<f32>(), zero);
#else
  let g = gradient[e] + params.decay * w;
#endif
#if ${momentum}
  var v = params.momentum * velocity[e] + g;
#if ${keepZeros}
  v = select(v, vec4<f32>(), zero);
#endif
  velocity[e] = v;
  let step = ${nesterov ? 'g + params.momentum * v' : 'v'};
#else
  let step = g;
#endif
  parameters[e] = w - params.rate * step;
}
`,
  } as const;
}
