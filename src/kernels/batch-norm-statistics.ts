import {
  batchNormStatisticsShader,
  batchNormStatisticsThreads,
} from '../../shaders/batch-norm-statistics.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import type { RowWalkVariant } from './row-walk.js';
import { sumsWalk } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface BatchNormStatistics {
  /** The map whose moments they are. */
  readonly input: FeatureMap;
  /** As `channel-moments` leaves them. */
  readonly moments: Matrix;
  /** [2 × C], written: mean and variance of this minibatch. */
  readonly statistics: Matrix;
  /** [2 × C], updated: running mean and variance, for inference. */
  readonly running: Matrix;
  /** The variant that made the moments. */
  readonly variant?: RowWalkVariant | undefined;
}

export interface BatchNormStatisticsCall {
  readonly images?: number;
  /** Weight of the new in the running statistics; 0.1 by default, as in PyTorch. */
  readonly momentum?: number;
}

/**
 * Prepares mean = Σ x / n and variance = Σ (x − mean)² / n of each channel over n = images ·
 * height · width rows, from the moments of their slices, and running ← 0.9 · running + 0.1 · (mean,
 * variance · n / (n − 1)) as torch.nn.BatchNorm2d in training. A handful of operations a slice and
 * channel; the least that must move is 8 bytes a slice and channel, and 16 a channel.
 */
export async function prepareBatchNormStatistics(
  device: Device,
  { input, moments, statistics, running, variant = rowWalkVariant(device) }: BatchNormStatistics,
): Promise<(commands: Commands, call?: BatchNormStatisticsCall) => void> {
  const shared = variant === 'interleaved';
  const kernel = await prepareKernel(device, batchNormStatisticsShader({ shared }), {
    moments: moments.buffer,
    statistics: statistics.buffer,
    running: running.buffer,
  });
  return (commands, { images, momentum = 0.1 } = {}) => {
    const walk = sumsWalk(input, variant, images);
    commands.dispatch(
      kernel,
      { ...walk, channels: input.matrix.columns, momentum },
      shared ? walk.vectors : Math.ceil(walk.vectors / batchNormStatisticsThreads(shared)),
      12 * walk.slices * input.matrix.columns,
    );
  };
}
