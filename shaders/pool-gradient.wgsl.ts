import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { POOL_UNIFORMS, type PoolOptions, placeOfPool } from './pool-place.js';

export interface PoolGradientOptions extends PoolOptions {
  /** The gradient is added to what is there. */
  readonly accumulate: boolean;
}

export const POOL_GRADIENT_THREADS = 64;

/**
 * The gradient of a pool's input, four channels of a position a thread: the sum over the windows
 * that hold the position of a mean's share, or of a maximum's whole gradient where the position is
 * the first of the window, row by row, that has the maximum.
 */
export function poolGradientShader({ kind, countPads, accumulate }: PoolGradientOptions) {
  const max = kind === 'max';
  return {
    name: 'pool-gradient',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      into: ['read_write', 'vec4<f32>'],
      ...(max && ({ x: ['read', 'vec4<f32>'], out: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: POOL_UNIFORMS,
    workgroupSize: [POOL_GRADIENT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${placeOfPool(POOL_GRADIENT_THREADS, 'height', 'width')}
  // In the padded map. The windows that hold it begin at most a kernel's length before it.
  let y = row + params.top;
  let x_at = column + params.left;
  let before_y = y + 1u - min(y + 1u, params.kernel_y);
  let before_x = x_at + 1u - min(x_at + 1u, params.kernel_x);
  let first_v = (before_y + params.stride_y - 1u) / params.stride_y;
  let first_u = (before_x + params.stride_x - 1u) / params.stride_x;
  let end_v = min(y / params.stride_y + 1u, params.out_height);
  let end_u = min(x_at / params.stride_x + 1u, params.out_width);
#if ${max}
  let own = x[at];
#endif
  var sum = vec4<f32>();
  for (var v = first_v; v < end_v; v++) {
    let top = max(v * params.stride_y, params.top);
    let bottom = min(v * params.stride_y + params.kernel_y, params.height + params.top);
    for (var u = first_u; u < end_u; u++) {
      let left = max(u * params.stride_x, params.left);
      let right = min(u * params.stride_x + params.kernel_x, params.width + params.left);
      let answer = ((image * params.out_height + v) * params.out_width + u) * params.vectors + vector;
      let share = gradient[answer];
#if ${max}
      let largest = out[answer];
      var first = own == largest;
      // No earlier position of the window may have the maximum too.
      for (var before = top; before <= y; before++) {
        let line = (image * params.height + before - params.top) * params.width - params.left;
        let end = select(right, x_at, before == y);
        for (var across = left; across < end; across++) {
          first = first & (x[(line + across) * params.vectors + vector] != largest);
        }
      }
      sum += select(vec4<f32>(), share, first);
#elif ${countPads}
      sum += share / f32(params.kernel_y * params.kernel_x);
#else
      sum += share / f32((bottom - top) * (right - left));
#endif
    }
  }
#if ${accumulate}
  into[at] += sum;
#else
  into[at] = sum;
#endif
}
`,
  } as const;
}
