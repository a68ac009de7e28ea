import type { MapActivation } from '../../shaders/activations.js';
import { batchNormGradientShader } from '../../shaders/batch-norm-gradient.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';
import type { BatchNormChannels } from './batch-norm.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface BatchNormGradient extends BatchNormChannels {
  readonly input: FeatureMap;
  /**
   * The one behind the batch norm; `none` where `batch-norm-gradient-sums` has multiplied the
   * gradient by σ′.
   */
  readonly activation?: MapActivation;
  /** ∂L / ∂ output. */
  readonly gradient: FeatureMap;
  /** [2 × C], the sums of all slices. */
  readonly affineGradient: Matrix;
  /** ∂L / ∂ input, written; it may be the map of the gradient. */
  readonly into: FeatureMap;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares into = γ / √(variance + ε) · (g − (Σ g + x̂ Σ g x̂) / n), with g = gradient · σ′ and
 * x̂ = (input − mean) / √(variance + ε) over the n rows of the call's images: the gradient of a batch
 * norm whose statistics are those of its input (Ioffe, Szegedy: Batch Normalization, 2015, section 3).
 *
 * 7 operations a number; the least that must move is 12 bytes a number.
 *
 * @throws RangeError for maps laid out otherwise than the input.
 */
export async function prepareBatchNormGradient(
  device: Device,
  {
    input,
    statistics,
    affine,
    epsilon,
    activation = 'none',
    gradient,
    affineGradient,
    into,
    variant = rowWalkVariant(device),
  }: BatchNormGradient,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  for (const other of [gradient, into]) requireSameLayout(input.matrix, other.matrix);
  const inPlace = into.matrix.buffer === gradient.matrix.buffer;
  const kernel = await prepareKernel(device, batchNormGradientShader({ activation, inPlace }), {
    input: input.matrix.buffer,
    statistics: statistics.buffer,
    affine: affine.buffer,
    affine_gradient: affineGradient.buffer,
    into: into.matrix.buffer,
    ...(!inPlace && { gradient: gradient.matrix.buffer }),
  });
  const { stride, columns } = input.matrix;
  return (commands, { images = input.images } = {}) => {
    const rows = images * input.height * input.width;
    const walk = rowWalk(variant, { rows, vectors: stride / 4 }, 'rows');
    commands.dispatch(kernel, { ...walk, epsilon }, walkWorkgroups(walk), 7 * rows * columns);
  };
}
