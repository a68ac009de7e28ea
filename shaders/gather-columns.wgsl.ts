import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { StorageFormat } from '../src/half.js';
import { elementType, loadOne } from './storage.js';

export const GATHER_COLUMNS_THREADS = 64;

/**
 * Copies columns of activations [m × N], stored in either format, side by side into block [m × p] in
 * f32, so that the Gram rows' product reads them in order. Word `list` of `indices` says how many
 * columns, and those behind it which: both may be decided on the GPU. p at most are copied.
 */
export function gatherColumnsShader(storage: StorageFormat) {
  return {
    name: 'gather-columns',
    bindings: {
      activations: ['read', elementType(storage)],
      indices: ['read', 'u32'],
      block: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      p: 'u32',
      activations_stride: 'u32',
      block_stride: 'u32',
      first: 'u32',
      list: 'u32',
    },
    workgroupSize: [GATHER_COLUMNS_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let row = workgroup * ${GATHER_COLUMNS_THREADS}u + local;
  let count = min(indices[params.list], params.p);
  if (row >= params.m) { return; }
  for (var q = 0u; q < count; q++) {
    let column = indices[params.list + 1u + q];
    block[row * params.block_stride + q] =
      ${loadOne(storage, 'activations', '(params.first + row) * params.activations_stride + column')};
  }
}
`,
  } as const;
}
