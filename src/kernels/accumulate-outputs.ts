import {
  ACCUMULATE_OUTPUTS_THREADS,
  accumulateOutputsShader,
} from '../../shaders/accumulate-outputs.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
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

/**
 * Prepares totals_j ← totals_j + b_s h_js with the pick s, for the m examples j of a chunk whose
 * first is `first`. 2 m C operations; the least that must move is 4 m (1 + 2 C) bytes: one column
 * of activations (half of it in float16), and the totals in and out.
 */
export async function prepareAccumulateOutputs(
  device: Device,
  { state, activations, weights, totals }: AccumulateOutputs,
): Promise<(commands: Commands, first: number) => void> {
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
  return (commands, first) =>
    commands.dispatch(
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
