import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { activateFunction } from './activations.js';
import { groupedBody, THREADS } from './convolution-grouped.js';
import { LANES, lanesBody } from './convolution-lanes.js';
import type { ConvolutionOptions } from './convolution-options.js';
import { convolutionTiledThreads, tiledBody } from './convolution-tiled.js';

export type { ConvolutionOptions, ConvolutionTile } from './convolution-options.js';

/**
 * A convolution as an implicit product of x [positions · taps × channels] and the packed weights
 * [taps · channels × outputs], for a grid of output positions: in line u, column v of an image
 *
 *   sum[u, v] = Σ_{ky, kx} x[u · stride_y + ky − top, v · stride_x + kx − left] W[ky, kx]
 *
 * with x zero outside of its map. Tap (ky, kx) is of the rows of the weights from weight_first + ky
 * · weight_line + kx · weight_step on, and the sum goes to row out_first + image · out_image + u ·
 * out_line + v · out_step of `out`: so a grid may be every other position, with some of the taps, as
 * the gradient of strided convolutions asks for. Positions left of
 * the map or above it wrap around to large numbers, and so count as outside too.
 */
export function convolutionShader(options: ConvolutionOptions) {
  const { variant, grouped, bias, addend } = options;
  const bindings = {
    x: ['read', grouped ? 'f32' : 'vec4<f32>'],
    weights: ['read', 'vec4<f32>'],
    out: ['read_write', 'vec4<f32>'],
    ...(bias && ({ bias: ['read', 'vec4<f32>'] } as const)),
    ...(addend === 'residual' && ({ residual: ['read', 'vec4<f32>'] } as const)),
  } as const;
  const uniforms = {
    /** Rows and columns of the input; vectors of four channels a position. */
    height: 'u32',
    width: 'u32',
    c_step: 'u32',
    /** The grid: lines of all images together, lines of one, columns; vectors of four outputs. */
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
    /** Where a tap's weights begin, in rows. */
    weight_first: 'u32',
    weight_line: 'u32',
    weight_step: 'u32',
    /** Where a position's sums go, in rows. */
    out_first: 'u32',
    out_image: 'u32',
    out_line: 'u32',
    out_step: 'u32',
    /** Channels and outputs of a group. */
    group_channels: 'u32',
    group_outputs: 'u32',
  } as const;
  const lanes = !grouped && variant !== 'tiled';
  return {
    name: 'convolution',
    bindings,
    uniforms,
    workgroupSize: grouped
      ? ([THREADS, 1] as const)
      : lanes
        ? ([LANES, 1] as const)
        : convolutionTiledThreads(options.tile),
    enable: lanes && variant === 'subgroup' ? ['subgroups'] : [],
    body: epilogue(options) + bodyFor(options),
  } as const;
}

function bodyFor(options: ConvolutionOptions): string {
  if (options.grouped) return groupedBody();
  return options.variant === 'tiled' ? tiledBody(options) : lanesBody(options);
}

/** What becomes of four neighbouring outputs' sums, the same for every variant. */
function epilogue({ bias, addend, activation }: ConvolutionOptions): string {
  return wgsl`
#if ${activation !== 'none'}
${activateFunction(activation, 'vec4<f32>')}
#endif
// Four outputs from the column-th vector on, of row \`row\` of \`out\`.
fn store(row: u32, column: u32, sum: vec4<f32>) {
  let at = row * params.o_step + column;
  var value = sum;
#if ${bias}
  value += bias[column];
#endif
#if ${addend !== 'none'}
  value += ${addend}[at];
#endif
  out[at] = ${activation === 'none' ? 'value' : 'activate(value)'};
}
`;
}
