import { columnSumsShader } from '../../shaders/column-sums.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, sumsWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface ColumnSums {
  readonly input: FeatureMap;
  /** [slices × C], written. */
  readonly sums: Matrix;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares, for each slice of rows, the sum of each channel, Σ input: added up by `sum-slices` they
 * are the gradient of a convolution's bias, input being that of its output. An operation a number;
 * the least that must move is 4 bytes a number.
 */
export async function prepareColumnSums(
  device: Device,
  { input, sums, variant = rowWalkVariant(device) }: ColumnSums,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  const kernel = await prepareKernel(device, columnSumsShader(), {
    input: input.matrix.buffer,
    sums: sums.buffer,
  });
  return (commands, { images } = {}) => {
    const walk = sumsWalk(input, variant, images);
    commands.dispatch(kernel, { ...walk }, walkWorkgroups(walk), walk.rows * input.matrix.columns);
  };
}
