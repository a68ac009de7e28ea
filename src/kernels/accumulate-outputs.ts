import {
  ACCUMULATE_OUTPUTS_THREADS,
  accumulateOutputsShader,
} from '../../shaders/accumulate-outputs.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface AccumulateOutputs {
  readonly state: GpuBuffer;
  /** One chunk of H, in either storage format. */
  readonly activations: Matrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Σ of the picks' outputs, for all examples [m × C]. */
  readonly totals: Matrix;
}

/** Prepares adding the pick's outputs on a chunk whose first example is `first`. */
export async function prepareAccumulateOutputs(
  device: Device,
  { state, activations, weights, totals }: AccumulateOutputs,
): Promise<(batch: Batch, first: number) => void> {
  const { rows: n, columns: outputs } = weights;
  const kernel = await prepareKernel(
    device,
    accumulateOutputsShader({ outputs, storage: activations.storage }),
    {
      state,
      activations: activations.buffer,
      weights: weights.buffer,
      totals: totals.buffer,
    },
  );
  const m = activations.rows;
  return (batch, first) =>
    batch.dispatch(
      kernel,
      {
        m,
        n,
        activations_stride: activations.stride,
        weights_stride: weights.stride,
        totals_stride: totals.stride,
        first,
      },
      Math.ceil(m / ACCUMULATE_OUTPUTS_THREADS),
      2 * m * outputs,
    );
}
