import { channelMomentsShader } from '../../shaders/channel-moments.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, sumsWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface ChannelMoments {
  readonly input: FeatureMap;
  /** [momentRows × C], written. */
  readonly moments: Matrix;
  readonly variant?: RowWalkVariant | undefined;
}

/** Rows of the moments of a map: the shift, and mean and squares of each slice. */
export function momentRows(map: FeatureMap, variant: RowWalkVariant): number {
  return 1 + 2 * sumsWalk(map, variant).slices;
}

/**
 * Prepares, for each channel and each slice of rows, the mean μ less the map's first row and
 * Σ (x − μ)². Parts are merged: with δ = μ_b − μ_a, μ = μ_a + δ n_b / n and
 * S = S_a + S_b + δ² n_a n_b / n (Chan, Golub, LeVeque: Algorithms for Computing the Sample
 * Variance, 1983). 4 operations a number; the least that must move is 4 bytes a number.
 */
export async function prepareChannelMoments(
  device: Device,
  { input, moments, variant = rowWalkVariant(device) }: ChannelMoments,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  const kernel = await prepareKernel(device, channelMomentsShader(), {
    input: input.matrix.buffer,
    moments: moments.buffer,
  });
  return (commands, { images } = {}) => {
    const walk = sumsWalk(input, variant, images);
    commands.dispatch(
      kernel,
      { ...walk },
      walkWorkgroups(walk),
      4 * walk.rows * input.matrix.columns,
    );
  };
}
