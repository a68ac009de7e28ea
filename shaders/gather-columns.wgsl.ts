import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { SELECTION_STATE } from './selection-state.js';
import { loadOne, oneOf, type StorageFormat } from './storage.js';

export const GATHER_COLUMNS_THREADS = 64;

/**
 * Copies the candidates' columns of activations [m × N], stored in either format, side by side into
 * block [m × p] in f32, so that the Gram rows' product reads them in order. Does nothing when no row
 * is pending.
 */
export function gatherColumnsShader(storage: StorageFormat) {
  return {
    name: 'gather-columns',
    bindings: {
      activations: ['read', oneOf(storage)],
      state: ['read', 'u32'],
      block: ['read_write', 'f32'],
    },
    uniforms: {
      m: 'u32',
      p: 'u32',
      activations_stride: 'u32',
      block_stride: 'u32',
      first: 'u32',
    },
    workgroupSize: [GATHER_COLUMNS_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let row = workgroup * ${GATHER_COLUMNS_THREADS}u + local;
  let pending = min(state[${SELECTION_STATE.pending}], params.p);
  if (row >= params.m) { return; }
  for (var q = 0u; q < pending; q++) {
    let column = state[${SELECTION_STATE.candidates}u + q];
    block[row * params.block_stride + q] =
      ${loadOne(storage, 'activations', '(params.first + row) * params.activations_stride + column')};
  }
}
`,
  } as const;
}
