import {
  NETWORK_LOSSES_ROWS,
  NETWORK_LOSSES_THREADS,
  networkLossesShader,
} from '../../shaders/network-losses.wgsl.js';
import type { LossKind } from '../../shaders/point-loss.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface NetworkLosses {
  /** Networks' outputs side by side on a block of examples [m × (networks · C)]. */
  readonly outputs: Matrix;
  /** Y of all examples. */
  readonly targets: Matrix;
  /** [slices × networks], written. */
  readonly sums: GpuBuffer;
  readonly loss: LossKind;
}

export interface NetworkLossesCall {
  /** Examples of the block. */
  readonly m: number;
  /** T. */
  readonly networks: number;
  /** First example of the block. */
  readonly first: number;
  readonly firstSlice: number;
}

/** Slices that a block of m examples leaves behind. */
export function networkLossSlices(m: number): number {
  return Math.ceil(m / NETWORK_LOSSES_ROWS);
}

/**
 * Prepares the losses of T networks on a block of m examples, sums [t] = Σ_j loss(f_tj, y_j), cut
 * into slices that are to be added up; the squared loss is ‖f_tj − y_j‖².
 *
 * 3 m T C operations, or 5 m T C for the cross-entropy, an exponential counted as one; the least
 * that must move is 4 m C (T + 1) bytes: outputs and targets, once.
 */
export async function prepareNetworkLosses(
  device: Device,
  { outputs, targets, sums, loss }: NetworkLosses,
): Promise<(commands: Commands, call: NetworkLossesCall) => void> {
  const kernel = await prepareKernel(
    device,
    networkLossesShader({ outputs: targets.columns, loss }),
    {
      outputs: outputs.buffer,
      targets: targets.buffer,
      sums,
    },
  );
  return (commands, { m, networks, first, firstSlice }) =>
    commands.dispatch(
      kernel,
      {
        m,
        networks,
        outputs_stride: outputs.stride,
        targets_stride: targets.stride,
        first,
        first_slice: firstSlice,
      },
      Math.ceil(networks / NETWORK_LOSSES_THREADS) * networkLossSlices(m),
      3 * m * networks * targets.columns,
    );
}
