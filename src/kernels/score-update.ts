import { SCORE_UPDATE_THREADS, scoreUpdateShader } from '../../shaders/score-update.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface ScoreUpdate {
  readonly state: GpuBuffer;
  /** [slices × p × stride]: the Gram rows just computed, in slices. */
  readonly products: GpuBuffer;
  readonly stride: number;
  readonly slices: number;
  /** p. */
  readonly columns: number;
  /** B [N × C]. */
  readonly weights: Matrix;
  readonly correlations: GpuBuffer;
  /** [capacity × N], the Gram rows kept. */
  readonly cache: GpuBuffer;
  readonly capacity: number;
  readonly scores: GpuBuffer;
}

/** Prepares the update of all scores by the pick that the selection state holds. */
export async function prepareScoreUpdate(
  device: Device,
  update: ScoreUpdate,
): Promise<(batch: Batch) => void> {
  const { state, products, weights, correlations, cache, scores } = update;
  const { rows: n, columns: outputs } = weights;
  const kernel = await prepareKernel(device, scoreUpdateShader({ outputs }), {
    state,
    products,
    weights: weights.buffer,
    correlations,
    cache,
    scores,
  });
  return (batch) =>
    batch.dispatch(
      kernel,
      {
        n,
        p: update.columns,
        slices: update.slices,
        capacity: update.capacity,
        products_stride: update.stride,
        weights_stride: weights.stride,
      },
      Math.ceil(n / SCORE_UPDATE_THREADS),
      n * (update.slices * update.columns + 2 * outputs),
    );
}
