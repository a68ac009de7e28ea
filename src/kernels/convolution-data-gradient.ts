import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import type { ConvolutionCall } from './convolution.js';
import type { FeatureMap } from './feature-map.js';
import { type PositionGrid, prepareImplicitProduct } from './implicit-product.js';
import { packedRows } from './pack-weights.js';
import { type Extent, requireWindow, type Window } from './window.js';

/** The convolution's window, whose input's gradient is wanted. */
export interface ConvolutionDataGradient extends Window {
  /** Gradient of the convolution's output. */
  readonly outputGradient: FeatureMap;
  /** [taps · outputs × channels], as `transpose-weights` makes it. */
  readonly weights: Matrix;
  /** Gradient of the convolution's input. */
  readonly inputGradient: FeatureMap;
  /** 1 by default. */
  readonly groups?: number;
  /** Adds to what `inputGradient` holds: for a map with several readers. */
  readonly accumulate?: boolean;
  readonly variant?: MatmulVariant | undefined;
  /** One of `CONVOLUTION_TILES[variant]`. */
  readonly tile?: ConvolutionTile | undefined;
}

/**
 * Prepares the gradient of a convolution's input, and returns the function that encodes it:
 *
 *   inputGradient[n, y, x, c] = Σ_{ky, kx, o} W[ky, kx, c, o] · outputGradient[n, (y + top − ky) /
 *     stride, (x + left − kx) / stride, o]
 *
 * over the taps whose quotients are whole and on the map, and o of c's group. As many operations as
 * the convolution has, and as many bytes, those of what it adds to not counted.
 *
 * Positions at the same distance from a multiple of the stride see the same taps. Each such class
 * is a convolution with just these taps, in a dispatch of its own, so that no product is with a
 * zero.
 *
 * @throws RangeError for maps or weights of another shape; bad-config for a variant that the
 *   adapter cannot run.
 */
export async function prepareConvolutionDataGradient(
  device: Device,
  gradient: ConvolutionDataGradient,
): Promise<(commands: Commands, call?: ConvolutionCall) => void> {
  const { outputGradient, weights, inputGradient, kernel, groups = 1 } = gradient;
  const { accumulate = false, variant, tile } = gradient;
  requireWindow("A convolution's gradient", gradient, inputGradient, outputGradient);
  const outputs = outputGradient.matrix.columns;
  const channels = inputGradient.matrix.columns;
  const rows = packedRows({ outputs: channels, channels: outputs / groups, kernel });
  if (weights.rows !== rows || weights.columns !== channels || channels % groups !== 0) {
    throw new RangeError(
      `${weights.buffer.label} [${weights.rows} × ${weights.columns}] is no transposed filter of ${kernel.join(' × ')} taps, ${channels} channels in ${groups} groups and ${outputs} outputs, which is [${rows} × ${channels}].`,
    );
  }
  const grids = positionClasses(gradient, inputGradient, rows / (kernel[0] * kernel[1]));
  const runs = await Promise.all(
    grids
      // Positions without taps have a gradient of zero, which changes nothing when added.
      .filter(({ taps }) => !accumulate || taps[0] > 0)
      .map((grid) =>
        prepareImplicitProduct(device, {
          input: outputGradient,
          weights,
          output: inputGradient,
          groups,
          grid,
          epilogue: { addend: accumulate ? 'out' : 'none', activation: 'none' },
          variant,
          tile,
        }),
      ),
  );
  return (commands, { images = inputGradient.images } = {}) => {
    for (const run of runs) run(commands, images);
  };
}

/** Positions of the input by their distance from a multiple of the stride. */
function positionClasses(
  { kernel, stride, padding }: Window,
  input: Extent,
  tapRows: number,
): readonly PositionGrid[] {
  const lines = alongAxis(input.height, kernel[0], stride[0], padding.top);
  const columns = alongAxis(input.width, kernel[1], stride[1], padding.left);
  return lines.flatMap((y) =>
    columns.map((x) => ({
      positions: { height: y.count, width: x.count },
      taps: y.taps * x.taps === 0 ? [0, 0] : [y.taps, x.taps],
      stride: [1, 1],
      before: [y.before, x.before],
      weights: {
        first: (y.firstTap * kernel[1] + x.firstTap) * tapRows,
        line: stride[0] * kernel[1] * tapRows,
        step: stride[1] * tapRows,
      },
      out: {
        first: y.first * input.width + x.first,
        line: stride[0] * input.width,
        step: stride[1],
      },
    })),
  );
}

/**
 * The classes along one axis. Position first + stride · u is reached by the taps k with (first +
 * before − k) a multiple of the stride, from output u + (first + before − k) / stride. Outputs
 * ascend as the taps of the transposed weights do, which are in reverse order.
 */
function alongAxis(size: number, kernel: number, stride: number, before: number) {
  return Array.from({ length: Math.min(stride, size) }, (_, first) => {
    const least = (first + before) % stride;
    const taps = Math.max(0, Math.ceil((kernel - least) / stride));
    return {
      first,
      count: Math.ceil((size - first) / stride),
      taps,
      before: taps - 1 - (first + before - least) / stride,
      firstTap: Math.max(0, kernel - 1 - least - (taps - 1) * stride),
    };
  });
}
