import type { MapActivation } from '../../shaders/activations.js';
import { batchNormGradientSumsShader } from '../../shaders/batch-norm-gradient-sums.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';
import type { BatchNormChannels } from './batch-norm.js';
import { chooseBend } from './bend.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, sumsWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface BatchNormGradientSums extends BatchNormChannels {
  readonly input: FeatureMap;
  readonly activation?: MapActivation;
  /** ∂L / ∂ output. With a residual before an activation, that of the sum takes its place. */
  readonly gradient: FeatureMap;
  /** The output, where a residual was added before an activation; otherwise it is not read. */
  readonly output?: FeatureMap | undefined;
  /** [2 slices × C], written. */
  readonly sums: Matrix;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares, for each slice of rows, Σ g x̂ and Σ g, with g = gradient · σ′ and x̂ = (input − mean) /
 * √(variance + ε): added up by `sum-slices` they are the gradient [2 × C] of the affine weights and
 * what `batch-norm-gradient` needs. σ′ is worked out from the input again. With a residual it is
 * taken from the output, and g is left in the gradient, as the residual's.
 *
 * 5 operations a number; the least that must move is 8 bytes a number, 16 with a residual.
 *
 * @throws RangeError for maps laid out otherwise than the input, and for a hard-swish behind a
 *   residual: its output does not tell its derivative.
 */
export async function prepareBatchNormGradientSums(
  device: Device,
  batchNorm: BatchNormGradientSums,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  const { input, statistics, affine, epsilon, gradient, output, sums } = batchNorm;
  const { variant = rowWalkVariant(device) } = batchNorm;
  for (const other of [gradient, output]) requireSameLayout(input.matrix, other?.matrix);
  const { activation = 'none' } = batchNorm;
  const bend = chooseBend(activation, output);
  const kernel = await prepareKernel(device, batchNormGradientSumsShader(bend), {
    gradient: gradient.matrix.buffer,
    input: input.matrix.buffer,
    statistics: statistics.buffer,
    sums: sums.buffer,
    ...(bend.from === 'input' && { affine: affine.buffer }),
    ...(bend.from === 'output' && output && { output: output.matrix.buffer }),
  });
  return (commands, { images } = {}) => {
    const walk = sumsWalk(input, variant, images);
    const operations = 5 * walk.rows * input.matrix.columns;
    commands.dispatch(kernel, { ...walk, epsilon }, walkWorkgroups(walk), operations);
  };
}
