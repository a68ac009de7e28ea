import {
  type WeightGradientTile,
  weightGradientShader,
} from '../../shaders/convolution-weight-gradient.wgsl.js';
import { THREADS } from '../../shaders/convolution-weight-gradient-grouped.js';
import { QUAD_LANES } from '../../shaders/convolution-weight-gradient-lanes.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { ConvolutionCall } from './convolution.js';
import { asLines } from './convolution-lines.js';
import { weightGradientTile } from './convolution-tile.js';
import type { FeatureMap } from './feature-map.js';
import { matmulSlices } from './matmul.js';
import { packedRows } from './pack-weights.js';
import { prepareSumSlices } from './sum-slices.js';
import { matmulVariant, requireVariant } from './variant.js';
import { requireWindow, type Window } from './window.js';

/** Workgroups that keep the few cores of a software adapter equally busy. */
const BUSY_WORKGROUPS = 32;
/**
 * The fewest turns of the loop in a slice. With fewer, storing the sums and adding them up costs
 * more.
 */
const LEAST_TURNS = 64;
/** Slices of convolutions in groups, where a thread has four sums. */
const GROUPED_SLICES = 16;
/** From so many slices on, the threads of a GPU's workgroup share the sum of a number. */
const SHARED_SLICES = 16;

export interface ConvolutionWeightGradient extends Window {
  readonly input: FeatureMap;
  /** Gradient of the convolution's output. */
  readonly outputGradient: FeatureMap;
  /** [taps · channels × outputs], packed as the weights are. */
  readonly weightGradient: Matrix;
  /**
   * [slices · taps · channels × outputs] by `weightGradientSlices`, written. Nothing else may use
   * it until the gradient is done.
   */
  readonly parts: Matrix;
  /** 1 by default. */
  readonly groups?: number;
  readonly variant?: MatmulVariant | undefined;
  /** One of `WEIGHT_GRADIENT_TILES[variant]`. */
  readonly tile?: WeightGradientTile | undefined;
  /** Parts of the positions that are summed apart; as many as suit the adapter by default. */
  readonly slices?: number | undefined;
}

/** Slices in which `prepareConvolutionWeightGradient` sums the positions. */
export function weightGradientSlices(
  device: Device,
  gradient: Omit<ConvolutionWeightGradient, 'parts'>,
): number {
  return planFor(device, gradient).slices;
}

/**
 * Prepares the gradient of a convolution's weights, and returns the function that encodes it:
 *
 *   weightGradient[ky, kx, c, o] = Σ_{n, u, v} input[n, u · stride + ky − top, v · stride + kx − left,
 *     c] · outputGradient[n, u, v, o]
 *
 * for c of o's group, zero in what pads the channels and outputs. As many operations as the
 * convolution has, and as many bytes. Positions are summed in slices, which a second dispatch adds
 * up, in an order that sizes and adapter alone decide: the same bits each time.
 *
 * @throws RangeError for maps, weights or parts of another shape; bad-config for a variant that the
 *   adapter cannot run.
 */
export async function prepareConvolutionWeightGradient(
  device: Device,
  gradient: ConvolutionWeightGradient,
): Promise<(commands: Commands, call?: ConvolutionCall) => void> {
  const { input, outputGradient, weightGradient, parts, groups = 1 } = gradient;
  requireShapes(gradient);
  const plan = planFor(device, gradient);
  const { variant, tile, slices, unrolled, grouped, channels, outputs } = plan;
  const tapRows = weightGradient.rows / (gradient.kernel[0] * gradient.kernel[1]);
  requireVariant(device, variant);
  if (parts.rows < slices * weightGradient.rows || parts.columns !== outputs) {
    throw new RangeError(
      `${parts.buffer.label} [${parts.rows} × ${parts.columns}] cannot hold ${slices} slices of [${weightGradient.rows} × ${outputs}].`,
    );
  }
  // Few slices are summed by one thread a number.
  const walk = slices < SHARED_SLICES ? 'blocks' : undefined;
  const add = await prepareSumSlices(device, { parts, sum: weightGradient, variant: walk });
  const shader = weightGradientShader({ variant, tile, grouped, ...unrolled });
  const kernel = await prepareKernel(device, shader, {
    x: input.matrix.buffer,
    gradient: outputGradient.matrix.buffer,
    out: parts.buffer,
  });
  const { kernel: taps, stride, padding } = gradient;
  const operations = 2 * taps[0] * taps[1] * (channels / groups) * outputs;
  return (commands, { images = outputGradient.images } = {}) => {
    const lines = plan.linesFor(images);
    commands.dispatch(
      kernel,
      {
        ...lines,
        c_step: input.matrix.stride / 4,
        o_step: outputGradient.matrix.stride / 4,
        taps_y: taps[0],
        taps_x: taps[1],
        stride_y: stride[0],
        stride_x: stride[1],
        top: padding.top,
        left: padding.left,
        slices,
        group_channels: channels / groups,
        group_outputs: outputs / groups,
        tap_rows: tapRows,
      },
      Math.ceil(slices * plan.workgroups),
      operations * lines.lines * lines.columns,
    );
    add(commands, { slices });
  };
}

/** All that follows from shapes and adapter. */
function planFor(device: Device, gradient: Omit<ConvolutionWeightGradient, 'parts'>) {
  const { input, outputGradient, weightGradient, kernel, stride, padding, groups = 1 } = gradient;
  const variant = gradient.variant ?? matmulVariant(device);
  const grouped = groups > 1;
  const before = [padding.top, padding.left] as const;
  const window = { input, positions: outputGradient, taps: kernel, stride, before };
  // In groups slices are of whole lines.
  const linesFor = (images: number) => asLines(window, images, !grouped);
  const { lines, columns } = linesFor(outputGradient.images);
  const channels = input.matrix.columns;
  const outputs = outputGradient.matrix.columns;
  const { rows } = weightGradient;
  const unrolled = { taps: kernel[1], step: stride[1] };
  const work = { lines, columns, ...unrolled, tapRows: kernel[0], channels, outputs, rows };
  const tile = gradient.tile ?? weightGradientTile(variant, work);
  const plan = { variant, grouped, unrolled, tile, linesFor, channels, outputs };
  if (grouped) {
    const workgroups = (rows * weightGradient.stride) / 4 / THREADS;
    return { ...plan, workgroups, slices: gradient.slices ?? Math.min(lines, GROUPED_SLICES) };
  }
  if (variant === 'tiled') {
    const workgroups = Math.ceil(rows / tile[0]) * Math.ceil(outputs / tile[1]);
    const product = { m: rows, n: outputs, k: lines * columns };
    return {
      ...plan,
      workgroups,
      slices: gradient.slices ?? matmulSlices(device.adapter, product),
    };
  }
  const blocks = Math.ceil(channels / tile[1]) * Math.ceil(outputs / (4 * QUAD_LANES));
  const workgroups = kernel[0] * blocks;
  const most = Math.floor((lines * Math.ceil(columns / tile[0])) / LEAST_TURNS);
  const slices = Math.max(1, Math.min(most, Math.ceil(BUSY_WORKGROUPS / workgroups)));
  return { ...plan, workgroups, slices: gradient.slices ?? slices };
}

function requireShapes(gradient: ConvolutionWeightGradient): void {
  const { input, outputGradient, weightGradient, kernel, groups = 1 } = gradient;
  requireWindow("A convolution's gradient", gradient, input, outputGradient);
  const channels = input.matrix.columns;
  const outputs = outputGradient.matrix.columns;
  const rows = packedRows({ outputs, channels: channels / groups, kernel });
  const { rows: found, columns } = weightGradient;
  if (found === rows && columns === outputs && outputs % groups === 0) return;
  throw new RangeError(
    `${weightGradient.buffer.label} [${found} × ${columns}] is no filter of ${kernel.join(' × ')} taps, ${channels} channels in ${groups} groups and ${outputs} outputs, which is [${rows} × ${outputs}].`,
  );
}
