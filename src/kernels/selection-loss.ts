import { SELECTION_LOSS_ROWS, selectionLossShader } from '../../shaders/selection-loss.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface SelectionLoss {
  readonly state: GpuBuffer;
  /** One chunk of H. */
  readonly activations: Matrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y [m × C] of all examples. */
  readonly targets: Matrix;
  /** Sum of the picks' outputs, laid out as the targets. */
  readonly totals: Matrix;
  /** One sum of squared errors a group of examples and pick, written. */
  readonly sums: GpuBuffer;
}

export interface SelectionLossCall {
  /** First example of the chunk. */
  readonly first: number;
  readonly firstGroup: number;
  /** Picks so far, this one included. */
  readonly count: number;
}

/** Sums that a chunk of m examples leaves behind for each pick. */
export function selectionLossGroups(m: number): number {
  return Math.ceil(m / SELECTION_LOSS_ROWS);
}

/** Prepares adding the pick to the subnetwork's outputs and measuring the loss of their average. */
export async function prepareSelectionLoss(
  device: Device,
  { state, activations, weights, targets, totals, sums }: SelectionLoss,
): Promise<(batch: Batch, call: SelectionLossCall) => void> {
  const kernel = await prepareKernel(device, selectionLossShader({ outputs: weights.columns }), {
    state,
    activations: activations.buffer,
    weights: weights.buffer,
    targets: targets.buffer,
    totals: totals.buffer,
    sums,
  });
  const m = activations.rows;
  return (batch, { first, firstGroup, count }) =>
    batch.dispatch(
      kernel,
      {
        m,
        activations_stride: activations.stride,
        weights_stride: weights.stride,
        targets_stride: targets.stride,
        first,
        first_group: firstGroup,
        count,
      },
      selectionLossGroups(m),
      4 * m * weights.columns,
    );
}
