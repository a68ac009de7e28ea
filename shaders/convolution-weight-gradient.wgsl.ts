import { groupedBody, THREADS } from './convolution-weight-gradient-grouped.js';
import { lanesBody, QUAD_LANES } from './convolution-weight-gradient-lanes.js';
import type { WeightGradientOptions } from './convolution-weight-gradient-options.js';
import { tiledBody, weightGradientThreads } from './convolution-weight-gradient-tiled.js';

export type {
  WeightGradientOptions,
  WeightGradientTile,
} from './convolution-weight-gradient-options.js';

/**
 * The gradient of a convolution's packed weights, in slices of its output's positions: for each
 * slice a sum [taps · channels × outputs] one below the other in `out`,
 *
 *   out[slice, ky, kx, c, o] = Σ x[n, u · stride_y + ky − top, v · stride_x + kx − left, c]
 *     · gradient[n, u, v, o]
 *
 * over the slice's positions (n, u, v), with x zero outside of its map. Rows that pad a
 * tap's channels are zero, as they are in the weights; what pads the outputs may be any number.
 */
export function weightGradientShader(options: WeightGradientOptions) {
  const { variant, grouped, tile } = options;
  const lanes = !grouped && variant !== 'tiled';
  return {
    name: 'convolution-weight-gradient',
    bindings: {
      x: ['read', grouped ? 'f32' : 'vec4<f32>'],
      gradient: ['read', 'vec4<f32>'],
      out: ['read_write', 'vec4<f32>'],
    },
    uniforms: {
      /** Rows and columns of the input; vectors of four channels a position. */
      height: 'u32',
      width: 'u32',
      c_step: 'u32',
      /** Lines of the output, of all images and of one; columns; vectors of four a position. */
      lines: 'u32',
      rows: 'u32',
      columns: 'u32',
      o_step: 'u32',
      /** The window. */
      taps_y: 'u32',
      taps_x: 'u32',
      stride_y: 'u32',
      stride_x: 'u32',
      top: 'u32',
      left: 'u32',
      slices: 'u32',
      /** Channels and outputs of a group, and the rows of `out` that a tap's channels take. */
      group_channels: 'u32',
      group_outputs: 'u32',
      tap_rows: 'u32',
    },
    workgroupSize: grouped
      ? ([THREADS, 1] as const)
      : lanes
        ? ([QUAD_LANES, 1] as const)
        : weightGradientThreads(tile),
    enable: lanes && variant === 'subgroup' ? ['subgroups'] : [],
    body: grouped ? groupedBody() : lanes ? lanesBody(options) : tiledBody(options),
  } as const;
}
