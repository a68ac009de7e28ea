import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { SELECTION_STATE } from './selection-state.js';

export const CACHE_ROWS_THREADS = 64;

/**
 * Adds up the slices of the Gram rows just computed, products [slices × p × stride], and keeps
 * them in the cache [capacity × N], in the slots that follow the pick's.
 */
export function cacheRowsShader() {
  return {
    name: 'cache-rows',
    bindings: {
      state: ['read', 'u32'],
      products: ['read', 'f32'],
      cache: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', p: 'u32', slices: 'u32', capacity: 'u32', products_stride: 'u32' },
    workgroupSize: [CACHE_ROWS_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let across = (params.n + ${CACHE_ROWS_THREADS - 1}u) / ${CACHE_ROWS_THREADS}u;
  let q = workgroup / across;
  let i = workgroup % across * ${CACHE_ROWS_THREADS}u + local;
  if (i >= params.n || q >= state[${SELECTION_STATE.pending}]) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.slices; s++) {
    sum += products[(s * params.p + q) * params.products_stride + i];
  }
  let slot = (state[${SELECTION_STATE.slot}] + q) % params.capacity;
  cache[slot * params.n + i] = sum;
}
`,
  } as const;
}
