import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { StorageFormat } from '../src/half.js';
import { type LossKind, pointLoss } from './point-loss.js';
import { loadFour, UNPACK_FOUR, vectorType } from './storage.js';
import { unroll } from './unroll.js';

export interface CandidateLossOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  readonly loss: LossKind;
  /** Of the activations. */
  readonly storage: StorageFormat;
  /** Only the examples that `indices` lists are looked at. */
  readonly gather: boolean;
  /** Threads of a workgroup, each with four neurons: few on a software adapter. */
  readonly threads: 16 | 64;
}

/**
 * The loss of every candidate, one pass over the activations: with totals u = Σ_{s∈S} φ_s,
 * scores [slices × N] = Σ_j loss((u_j + b_i h_ji) / count, y_j), a slice of examples at a time.
 * The outputs of a candidate, N × m × C numbers in all, never leave the registers.
 */
export function candidateLossShader({
  outputs,
  loss,
  storage,
  gather,
  threads,
}: CandidateLossOptions) {
  return {
    name: 'candidate-loss',
    bindings: {
      activations: ['read', vectorType(storage)],
      weights: ['read', 'f32'],
      targets: ['read', 'f32'],
      totals: ['read', 'f32'],
      scores: ['read_write', 'f32'],
      ...(gather && ({ indices: ['read', 'u32'] } as const)),
    },
    uniforms: {
      m: 'u32',
      n: 'u32',
      vectors: 'u32',
      weights_stride: 'u32',
      targets_stride: 'u32',
      first: 'u32',
      indices_first: 'u32',
      slice_rows: 'u32',
      slices: 'u32',
      first_slice: 'u32',
      share: 'f32',
    },
    workgroupSize: [threads, 1],
    body: wgsl`
${pointLoss(loss, outputs, 'vec4<f32>')}
#if ${storage === 'f16'}
${UNPACK_FOUR}
#endif

fn weight(i: u32, c: u32) -> f32 {
  return weights[min(i, params.n - 1u) * params.weights_stride + c];
}

fn kernel(workgroup: u32, local: u32) {
  let across = (params.vectors + ${threads - 1}u) / ${threads}u;
  let slice = workgroup / across;
  let column = (workgroup % across) * ${threads}u + local;
  let begin = slice * params.slice_rows;
  if (column >= params.vectors || slice >= params.slices) { return; }
  // A slice without examples still has to leave its zero: the next kernel adds up all slices.
  let end = min(begin + params.slice_rows, params.m);
  let i = column * 4u;
${unroll(
  outputs,
  (c) => `  let b${c} = params.share
    * vec4<f32>(weight(i, ${c}u), weight(i + 1u, ${c}u), weight(i + 2u, ${c}u), weight(i + 3u, ${c}u));`,
)}
  var sum = vec4<f32>();
  for (var e = begin; e < end; e++) {
#if ${gather}
    let row = indices[params.indices_first + e];
#else
    let row = e;
#endif
    let h = ${loadFour(storage, 'activations', 'row * params.vectors + column')};
    let y = (params.first + row) * params.targets_stride;
    sum += point_loss(
      array<vec4<f32>, ${outputs}>(
${unroll(outputs, (c) => `        params.share * totals[y + ${c}u] + h * b${c},`)}
      ),
      array<f32, ${outputs}>(${unroll(outputs, (c) => `targets[y + ${c}u],`)}),
    );
  }
  let to = (params.first_slice + slice) * params.n + i;
  for (var lane = 0u; lane < 4u; lane++) {
    if (i + lane < params.n) { scores[to + lane] = sum[lane]; }
  }
}
`,
  } as const;
}
