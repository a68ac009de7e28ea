import {
  type ConvolutionOptions,
  type ConvolutionTile,
  convolutionShader,
} from '../../shaders/convolution.wgsl.js';
import { THREADS } from '../../shaders/convolution-grouped.js';
import { LANES } from '../../shaders/convolution-lanes.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { asLines, type LinedPositions, type Lines } from './convolution-lines.js';
import { productTile } from './convolution-tile.js';
import type { FeatureMap } from './feature-map.js';
import { matmulVariant, requireVariant } from './variant.js';

/**
 * Output positions that see the same taps, and where they lie: all of a convolution's, or a part of
 * the gradient's of a strided one.
 */
export interface PositionGrid extends Omit<LinedPositions, 'input'> {
  /** Rows of the packed weights: where the first tap begins, and from a tap to the next. */
  readonly weights: Steps;
  /** Positions of an output image: that of the first sum, and from a sum to the next. */
  readonly out: Steps;
}

interface Steps {
  readonly first: number;
  /** From one row of taps or positions to the next. */
  readonly line: number;
  readonly step: number;
}

export interface ImplicitProduct {
  readonly input: FeatureMap;
  /** [taps · channels × outputs], as `packFilter` packs it. */
  readonly weights: Matrix;
  readonly output: FeatureMap;
  readonly groups: number;
  readonly grid: PositionGrid;
  readonly bias?: Matrix | undefined;
  readonly residual?: FeatureMap | undefined;
  readonly epilogue: Pick<ConvolutionOptions, 'addend' | 'activation'>;
  readonly variant?: ConvolutionOptions['variant'] | undefined;
  readonly tile?: ConvolutionTile | undefined;
}

/** Prepares the sums of one grid, and returns the function that encodes them for so many images. */
export async function prepareImplicitProduct(
  device: Device,
  product: ImplicitProduct,
): Promise<(commands: Commands, images: number) => void> {
  const { input, weights, output, groups, bias, residual, grid, epilogue } = product;
  const variant = product.variant ?? matmulVariant(device);
  requireVariant(device, variant);
  const grouped = groups > 1;
  // Without taps the loop is left out, and how it is unrolled does not matter.
  const unrolled = { taps: Math.max(1, grid.taps[1]), step: grid.stride[1] };
  const outputs = output.matrix.columns;
  const window = { ...grid, input };
  // Sums that lie apart in each line cannot be one line.
  const linesFor = (images: number) => asLines(window, images, grid.out.step === 1);
  const work = {
    ...linesFor(output.images),
    ...unrolled,
    tapRows: Math.max(1, grid.taps[0]),
    channels: input.matrix.columns / groups,
    outputs,
  };
  const tile = product.tile ?? productTile(variant, work);
  const shader = convolutionShader({
    variant,
    tile,
    grouped,
    bias: bias !== undefined,
    ...unrolled,
    ...epilogue,
  });
  const kernel = await prepareKernel(device, shader, {
    x: input.matrix.buffer,
    weights: weights.buffer,
    out: output.matrix.buffer,
    ...(bias && { bias: bias.buffer }),
    ...(residual && { residual: residual.matrix.buffer }),
  });
  const c_step = input.matrix.stride / 4;
  const o_step = output.matrix.stride / 4;
  const channels = input.matrix.columns / groups;
  const workgroups = ({ lines, columns }: Lines) => {
    if (grouped) return Math.ceil((lines * columns * o_step) / THREADS);
    const blocks = Math.ceil(outputs / tile[1]);
    if (variant === 'tiled') return blocks * Math.ceil((lines * columns) / tile[0]);
    return blocks * Math.ceil((lines * Math.ceil(columns / tile[0])) / LANES);
  };
  return (commands, images) => {
    const all = linesFor(images);
    const { lines, columns } = all;
    commands.dispatch(
      kernel,
      {
        ...all,
        c_step,
        o_step,
        taps_y: grid.taps[0],
        taps_x: grid.taps[1],
        stride_y: grid.stride[0],
        stride_x: grid.stride[1],
        top: grid.before[0],
        left: grid.before[1],
        weight_first: grid.weights.first,
        weight_line: grid.weights.line,
        weight_step: grid.weights.step,
        out_image: output.height * output.width,
        out_first: grid.out.first,
        out_line: grid.out.line,
        out_step: grid.out.step,
        group_channels: channels,
        group_outputs: outputs / groups,
      },
      workgroups(all),
      2 * lines * columns * grid.taps[0] * grid.taps[1] * channels * outputs,
    );
  };
}
