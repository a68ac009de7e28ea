import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export const MOMENTUM_UPDATE_THREADS = 64;

/**
 * Sums the slices of a gradient [slices × rows × columns] and takes a step of gradient descent
 * with momentum: v ← decay · v + scale · Σ gradient, parameters ← parameters − rate · v.
 */
export function momentumUpdateShader() {
  return {
    name: 'momentum-update',
    bindings: {
      gradient: ['read', 'f32'],
      velocity: ['read_write', 'f32'],
      parameters: ['read_write', 'f32'],
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
  var sum = 0.0;
  for (var s = 0u; s < params.slices; s++) { sum += gradient[s * count + e]; }
  let at = (e / params.columns) * params.stride + e % params.columns;
  let v = params.decay * velocity[at] + params.scale * sum;
  velocity[at] = v;
  parameters[at] -= params.rate * v;
}
`,
  } as const;
}
