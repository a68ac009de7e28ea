import { LOSS_ROWS, lossShader } from '../../shaders/loss.wgsl.js';
import type { LossKind } from '../../shaders/point-loss.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface Loss {
  /** f of a block of examples [m × C]. */
  readonly outputs: Matrix;
  /** Y of all examples. */
  readonly targets: Matrix;
  /** Pairs (Σ loss, correct), one a group of examples, written. */
  readonly sums: GpuBuffer;
  readonly loss: LossKind;
}

/** Pairs of sums that m examples leave behind. */
export function lossGroups(m: number): number {
  return Math.ceil(m / LOSS_ROWS);
}

/**
 * Prepares the pairs (Σ_j loss(f_j, y_j), number of j classified correctly) of each group of the m
 * examples whose first target is row `first`; the squared loss is ‖f_j − y_j‖².
 *
 * 3 m C operations, or 5 m C for the cross-entropy, an exponential counted as one; the least that
 * must move is 8 m C bytes and 8 a group: outputs and targets, once, and the pairs.
 */
export async function prepareLoss(
  device: Device,
  { outputs, targets, sums, loss }: Loss,
): Promise<
  (
    commands: Commands,
    call: { readonly m: number; readonly first: number; readonly firstGroup: number },
  ) => void
> {
  const kernel = await prepareKernel(device, lossShader({ outputs: targets.columns, loss }), {
    outputs: outputs.buffer,
    targets: targets.buffer,
    sums,
  });
  return (commands, { m, first, firstGroup }) =>
    commands.dispatch(
      kernel,
      {
        m,
        outputs_stride: outputs.stride,
        targets_stride: targets.stride,
        first,
        first_group: firstGroup,
      },
      lossGroups(m),
      4 * m * targets.columns,
    );
}
