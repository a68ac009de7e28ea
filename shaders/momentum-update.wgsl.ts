import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export const MOMENTUM_UPDATE_THREADS = 64;

export interface MomentumUpdateOptions {
  /** What a thread sums: a number, or four neighbours where the gradient is padded. */
  readonly element: 'f32' | 'vec4<f32>';
  /** Without it, v is the step alone and is not kept. */
  readonly momentum: boolean;
}

/**
 * Sums the slices of a gradient [slices × rows × columns] and takes a step of gradient descent
 * with momentum: v ← decay · v + scale · Σ gradient, parameters ← parameters − rate · v. Columns
 * and stride are in elements.
 */
export function momentumUpdateShader({ element, momentum }: MomentumUpdateOptions) {
  return {
    name: 'momentum-update',
    bindings: {
      gradient: ['read', element],
      parameters: ['read_write', element],
      ...(momentum && ({ velocity: ['read_write', element] } as const)),
    },
    uniforms: {
      rows: 'u32',
      columns: 'u32',
      stride: 'u32',
      slices: 'u32',
      scale: 'f32',
      decay: 'f32',
      rate: 'f32',
    },
    workgroupSize: [MOMENTUM_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let e = workgroup * ${MOMENTUM_UPDATE_THREADS}u + local;
  let count = params.rows * params.columns;
  if (e >= count) { return; }
  var sum = ${element}();
  for (var s = 0u; s < params.slices; s++) { sum += gradient[s * count + e]; }
  let at = (e / params.columns) * params.stride + e % params.columns;
#if ${momentum}
  let v = params.decay * velocity[at] + params.scale * sum;
  velocity[at] = v;
#else
  let v = params.scale * sum;
#endif
  parameters[at] -= params.rate * v;
}
`,
  } as const;
}
