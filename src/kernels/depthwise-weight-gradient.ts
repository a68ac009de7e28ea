import { windowPlan } from '../../shaders/depthwise-tile.js';
import { depthwiseWeightGradientShader } from '../../shaders/depthwise-weight-gradient.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { depthwiseTiles, depthwiseWindow } from './depthwise.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalk, type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';
import { requireWindow, type Window } from './window.js';

export interface DepthwiseWeightGradient extends Window {
  readonly input: FeatureMap;
  /** ∂L / ∂ output. */
  readonly gradient: FeatureMap;
  /** [slices · taps × channels], written. */
  readonly parts: Matrix;
  readonly variant?: RowWalkVariant | undefined;
}

/** The slices of an output's first images that `depthwise-weight-gradient` leaves. */
export function depthwiseWalk(
  window: Window,
  { input, gradient }: Pick<DepthwiseWeightGradient, 'input' | 'gradient'>,
  variant: RowWalkVariant,
  images = gradient.images,
): RowWalk {
  const { tile } = windowPlan(depthwiseWindow(window));
  const { tiles } = depthwiseTiles(tile, { read: input, covered: gradient, images });
  return rowWalk(variant, { rows: tiles, vectors: gradient.matrix.stride / 4 }, 'tiles');
}

/**
 * Prepares, slice by slice of the output's positions, Σ gradient[n, u, v, c] · input[n, u · stride +
 * ky − top, v · stride + kx − left, c]: added up by `sum-slices` they are the gradient [taps × C] of
 * the weights. 2 operations a tap of each output; the least that must move is 4 bytes of every
 * number of input and gradient.
 *
 * @throws RangeError for maps that do not belong together.
 */
export async function prepareDepthwiseWeightGradient(
  device: Device,
  depthwise: DepthwiseWeightGradient,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  const { input, gradient, parts, variant = rowWalkVariant(device) } = depthwise;
  requireWindow('A depthwise convolution', depthwise, input, gradient);
  if (input.matrix.columns !== gradient.matrix.columns) {
    throw new RangeError(
      `A depthwise convolution keeps its ${input.matrix.columns} channels; ${gradient.matrix.buffer.label} has ${gradient.matrix.columns}.`,
    );
  }
  const options = depthwiseWindow(depthwise);
  const kernel = await prepareKernel(device, depthwiseWeightGradientShader(options), {
    gradient: gradient.matrix.buffer,
    input: input.matrix.buffer,
    parts: parts.buffer,
  });
  const { tile } = windowPlan(options);
  const taps = depthwise.kernel[0] * depthwise.kernel[1];
  return (commands, { images = gradient.images } = {}) => {
    const walk = depthwiseWalk(depthwise, { input, gradient }, variant, images);
    const { uniforms } = depthwiseTiles(tile, { read: input, covered: gradient, images });
    const numbers = images * gradient.height * gradient.width * gradient.matrix.columns;
    commands.dispatch(kernel, { ...walk, ...uniforms }, walkWorkgroups(walk), 2 * numbers * taps);
  };
}
