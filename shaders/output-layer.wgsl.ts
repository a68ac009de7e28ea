import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { StorageFormat } from '../src/half.js';
import { elementType, loadOne } from './storage.js';
import { unroll } from './unroll.js';

export interface OutputLayerOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  /** Example j has its target in row indices[first + j] instead of row first + j. */
  readonly gather: boolean;
  readonly epilogue: OutputLayerEpilogue;
  /** Threads that share one example's sum over the neurons. */
  readonly threads: number;
  /** Of the activations. */
  readonly storage: StorageFormat;
}

/**
 * What becomes of the outputs f before they are stored: nothing, f − y (the squared loss's gradient
 * at the outputs), or softmax(f) − y (the cross-entropy's).
 */
export type OutputLayerEpilogue = 'store' | 'subtract-targets' | 'softmax-subtract-targets';

/** out [m × C] = epilogue(scale · activations [m × N] · weights [N × C]); a workgroup a row. */
export function outputLayerShader({
  outputs,
  gather,
  epilogue,
  storage,
  threads,
}: OutputLayerOptions) {
  const softmax = epilogue === 'softmax-subtract-targets';
  return {
    name: 'output-layer',
    bindings: {
      activations: ['read', elementType(storage)],
      weights: ['read', 'f32'],
      targets: ['read', 'f32'],
      out: ['read_write', 'f32'],
      ...(gather && ({ indices: ['read', 'u32'] } as const)),
    },
    uniforms: {
      m: 'u32',
      n: 'u32',
      activations_stride: 'u32',
      weights_stride: 'u32',
      targets_stride: 'u32',
      out_stride: 'u32',
      first: 'u32',
      scale: 'f32',
    },
    workgroupSize: [threads, 1],
    body: wgsl`
var<workgroup> partial: array<f32, ${threads * outputs}>;
#if ${softmax}
var<workgroup> logits: array<f32, ${outputs}>;
#endif

fn kernel(row: u32, local: u32) {
  if (row >= params.m) { return; }
${unroll(outputs, (c) => `  var sum${c} = 0.0;`)}
  for (var i = local; i < params.n; i += ${threads}u) {
    let h = ${loadOne(storage, 'activations', 'row * params.activations_stride + i')};
    let at = i * params.weights_stride;
${unroll(outputs, (c) => `    sum${c} += h * weights[at + ${c}u];`)}
  }
${unroll(outputs, (c) => `  partial[local * ${outputs}u + ${c}u] = sum${c};`)}
  workgroupBarrier();
  // One barrier and a short serial sum: cheaper than a tree where barriers are slow, and no
  // slower where they are fast, since all workgroups but the last hide it.
#if ${gather}
  let label = indices[params.first + row];
#else
  let label = params.first + row;
#endif
  for (var c = local; c < ${outputs}u; c += ${threads}u) {
    var sum = 0.0;
    for (var t = 0u; t < ${threads}u; t++) { sum += partial[t * ${outputs}u + c]; }
    let f = params.scale * sum;
#if ${softmax}
    logits[c] = f;
#elif ${epilogue === 'store'}
    out[row * params.out_stride + c] = f;
#else
    out[row * params.out_stride + c] = f - targets[label * params.targets_stride + c];
#endif
  }
#if ${softmax}
  workgroupBarrier();
  for (var c = local; c < ${outputs}u; c += ${threads}u) {
    var largest = logits[0];
    for (var o = 1u; o < ${outputs}u; o++) { largest = max(largest, logits[o]); }
    var total = 0.0;
    for (var o = 0u; o < ${outputs}u; o++) { total += exp(logits[o] - largest); }
    out[row * params.out_stride + c] =
      exp(logits[c] - largest) / total - targets[label * params.targets_stride + c];
  }
#endif
}
`,
  } as const;
}
