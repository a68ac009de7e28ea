import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { type Activation, derivativeOfOutput } from './activations.js';
import { unroll } from './unroll.js';

export interface OutputGradientOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  readonly activation: Activation;
}

/** Neurons of a workgroup, one a thread. */
export const OUTPUT_GRADIENT_THREADS = 64;

/**
 * One pass over a minibatch's activations H [m × N] does both halves of the output layer's backward
 * step. H is overwritten by the gradient at the hidden layer, H ← (R Bᵀ) ∘ σ′(H), and each slice
 * of examples leaves its part of HᵀR in gradient [slices × N × C].
 */
export function outputGradientShader({ outputs, activation }: OutputGradientOptions) {
  return {
    name: 'output-gradient',
    bindings: {
      activations: ['read_write', 'f32'],
      residual: ['read', 'f32'],
      weights: ['read', 'f32'],
      gradient: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      n: 'u32',
      activations_stride: 'u32',
      residual_stride: 'u32',
      weights_stride: 'u32',
      slice_rows: 'u32',
      first_slice: 'u32',
    },
    workgroupSize: [OUTPUT_GRADIENT_THREADS, 1],
    body: wgsl`
${derivativeOfOutput(activation, 'f32')}

fn kernel(workgroup: u32, local: u32) {
  let across = (params.n + ${OUTPUT_GRADIENT_THREADS - 1}u) / ${OUTPUT_GRADIENT_THREADS}u;
  let slice = workgroup / across;
  let i = (workgroup % across) * ${OUTPUT_GRADIENT_THREADS}u + local;
  let begin = slice * params.slice_rows;
  if (i >= params.n || begin >= params.m) { return; }
  let end = min(begin + params.slice_rows, params.m);
${unroll(outputs, (c) => `  let b${c} = weights[i * params.weights_stride + ${c}u];`)}
${unroll(outputs, (c) => `  var sum${c} = 0.0;`)}
  for (var j = begin; j < end; j++) {
    let at = j * params.activations_stride + i;
    let h = activations[at];
    var incoming = 0.0;
${unroll(
  outputs,
  (c) => `    let r${c} = residual[j * params.residual_stride + ${c}u];
    incoming += r${c} * b${c};
    sum${c} += r${c} * h;`,
)}
    activations[at] = incoming * derivative(h);
  }
  let to = ((params.first_slice + slice) * params.n + i) * ${outputs}u;
${unroll(outputs, (c) => `  gradient[to + ${c}u] = sum${c};`)}
}
`,
  } as const;
}
