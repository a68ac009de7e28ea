import type { MapActivation } from '../../shaders/activations.js';
import { batchNormShader } from '../../shaders/batch-norm.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

/** What a batch norm's step of a network reads, forward and backward. */
export interface BatchNormChannels {
  /** [2 × C]: mean and variance, of the minibatch or running. */
  readonly statistics: Matrix;
  /** [2 × C]: weight γ and bias β. */
  readonly affine: Matrix;
  /** Added to the variance. */
  readonly epsilon: number;
}

export interface BatchNorm extends BatchNormChannels {
  readonly input: FeatureMap;
  /** r, laid out as the input. */
  readonly residual?: FeatureMap | undefined;
  readonly activation?: MapActivation;
  /** Laid out as the input, written. */
  readonly output: FeatureMap;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares output = σ(γ (input − mean) / √(variance + ε) + β [+ r]). 4 operations a number, a fifth
 * with a residual; the least that must move is 8 bytes a number, 12 with a residual.
 *
 * @throws RangeError when residual or output are laid out otherwise than the input.
 */
export async function prepareBatchNorm(
  device: Device,
  {
    input,
    statistics,
    affine,
    epsilon,
    residual,
    activation = 'none',
    output,
    variant = rowWalkVariant(device),
  }: BatchNorm,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  for (const other of [residual, output]) requireSameLayout(input.matrix, other?.matrix);
  const shader = batchNormShader({ residual: residual !== undefined, activation });
  const kernel = await prepareKernel(device, shader, {
    input: input.matrix.buffer,
    statistics: statistics.buffer,
    affine: affine.buffer,
    output: output.matrix.buffer,
    ...(residual && { residual: residual.matrix.buffer }),
  });
  const { stride, columns } = input.matrix;
  return (commands, { images = input.images } = {}) => {
    const rows = images * input.height * input.width;
    const walk = rowWalk(variant, { rows, vectors: stride / 4 }, 'rows');
    commands.dispatch(kernel, { ...walk, epsilon }, walkWorkgroups(walk), 5 * rows * columns);
  };
}
