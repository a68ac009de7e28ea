import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { POOL_UNIFORMS, type PoolOptions, placeOfPool } from './pool-place.js';

export const POOL_THREADS = 64;

/**
 * The largest number, or the mean, of each window of a feature map: four channels of a position a
 * thread. The part of a window beside the map is left out. A mean is over the whole window where
 * pads count.
 */
export function poolShader({ kind, countPads }: PoolOptions) {
  const max = kind === 'max';
  return {
    name: 'pool',
    bindings: { x: ['read', 'vec4<f32>'], out: ['read_write', 'vec4<f32>'] },
    uniforms: POOL_UNIFORMS,
    workgroupSize: [POOL_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${placeOfPool(POOL_THREADS, 'out_height', 'out_width')}
  // In the padded map; a window begins on it, and ends where the map does.
  let top = row * params.stride_y;
  let left = column * params.stride_x;
  let first_y = max(top, params.top);
  let first_x = max(left, params.left);
  let end_y = min(top + params.kernel_y, params.height + params.top);
  let end_x = min(left + params.kernel_x, params.width + params.left);
  var value = ${max ? 'x[((image * params.height + first_y - params.top) * params.width + first_x - params.left) * params.vectors + vector]' : 'vec4<f32>()'};
  for (var y = first_y; y < end_y; y++) {
    let line = (image * params.height + y - params.top) * params.width - params.left;
    for (var x_at = first_x; x_at < end_x; x_at++) {
      let tap = x[(line + x_at) * params.vectors + vector];
#if ${max}
      value = select(value, tap, tap > value);
#else
      value += tap;
#endif
    }
  }
#if ${max}
  out[at] = value;
#elif ${countPads}
  out[at] = value / f32(params.kernel_y * params.kernel_x);
#else
  out[at] = value / f32((end_y - first_y) * (end_x - first_x));
#endif
}
`,
  } as const;
}
