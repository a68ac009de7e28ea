import type { MapActivation } from '../../shaders/activations.js';
import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { prepareImplicitProduct } from './implicit-product.js';
import { packedRows } from './pack-weights.js';
import { requireWindow, type Window } from './window.js';

export interface Convolution extends Window {
  readonly input: FeatureMap;
  /** [taps · channels × outputs], as `packFilter` packs it. */
  readonly weights: Matrix;
  readonly output: FeatureMap;
  /** Groups of channels, each read by its own outputs; 1 by default. Not for depthwise ones. */
  readonly groups?: number;
  /** [1 × outputs] */
  readonly bias?: Matrix | undefined;
  /** Laid out as `output`. */
  readonly residual?: FeatureMap | undefined;
  /** `none` by default. */
  readonly activation?: MapActivation;
  readonly variant?: MatmulVariant | undefined;
  /** One of `CONVOLUTION_TILES[variant]`. */
  readonly tile?: ConvolutionTile | undefined;
}

export interface ConvolutionCall {
  /** The first so many images; all that the output holds by default. */
  readonly images?: number;
}

/**
 * Prepares output = σ(input ∗ weights + bias + residual), a cross-correlation as in PyTorch, and
 * returns the function that encodes it:
 *
 *   output[n, u, v, o] = σ(bias[o] + residual[n, u, v, o] + Σ_{ky, kx, c} W[ky, kx, c, o]
 *     · input[n, u · stride + ky − top, v · stride + kx − left, c])
 *
 * with zeros around the input, and c over the channels of o's group. An implicit product of [m × k]
 * and [k × n] for m = images · rows · columns of the output, k = taps · channels of a group and n =
 * outputs: 2 m n k operations; 4 bytes of every number of input, weights, residual and output must
 * move. Sums run over rows of taps, then channels in fours, whatever the number of images.
 *
 * @throws RangeError for maps or weights of another shape; bad-config for a variant that the
 *   adapter cannot run.
 */
export async function prepareConvolution(
  device: Device,
  convolution: Convolution,
): Promise<(commands: Commands, call?: ConvolutionCall) => void> {
  const { input, weights, output, kernel, stride, padding, groups = 1 } = convolution;
  const { bias, residual, activation = 'none', variant, tile } = convolution;
  requireWindow('A convolution', convolution, input, output);
  const channels = input.matrix.columns / groups;
  const outputs = output.matrix.columns;
  const rows = packedRows({ outputs, channels, kernel });
  if (weights.rows !== rows || weights.columns !== outputs || outputs % groups !== 0) {
    throw new RangeError(
      `${weights.buffer.label} [${weights.rows} × ${weights.columns}] is no filter of ${kernel.join(' × ')} taps, ${input.matrix.columns} channels in ${groups} groups and ${outputs} outputs, which is [${rows} × ${outputs}].`,
    );
  }
  const tap = weights.rows / (kernel[0] * kernel[1]);
  const run = await prepareImplicitProduct(device, {
    input,
    weights,
    output,
    groups,
    grid: {
      positions: output,
      taps: kernel,
      stride,
      before: [padding.top, padding.left],
      weights: { first: 0, line: kernel[1] * tap, step: tap },
      out: { first: 0, line: output.width, step: 1 },
    },
    bias,
    residual,
    epilogue: { addend: residual ? 'residual' : 'none', activation },
    variant,
    tile,
  });
  return (commands, { images = output.images } = {}) => run(commands, images);
}
