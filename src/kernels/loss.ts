import { LOSS_ROWS, lossShader } from '../../shaders/loss.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface Loss {
  /** f − y of a block of examples [m × C]. */
  readonly residual: Matrix;
  /** Y of all examples. */
  readonly targets: Matrix;
  /** Pairs (Σ‖f − y‖², correct), one a group of examples, written. */
  readonly sums: GpuBuffer;
}

/** Pairs of sums that m examples leave behind. */
export function lossGroups(m: number): number {
  return Math.ceil(m / LOSS_ROWS);
}

/** Prepares the reduction of m residuals whose first target is row `first`. */
export async function prepareLoss(
  device: Device,
  { residual, targets, sums }: Loss,
): Promise<
  (
    batch: Batch,
    call: { readonly m: number; readonly first: number; readonly firstGroup: number },
  ) => void
> {
  const kernel = await prepareKernel(device, lossShader({ outputs: targets.columns }), {
    residual: residual.buffer,
    targets: targets.buffer,
    sums,
  });
  return (batch, { m, first, firstGroup }) =>
    batch.dispatch(
      kernel,
      {
        m,
        residual_stride: residual.stride,
        targets_stride: targets.stride,
        first,
        first_group: firstGroup,
      },
      lossGroups(m),
      4 * m * targets.columns,
    );
}
