import { GATHER_COLUMNS_THREADS, gatherColumnsShader } from '../../shaders/gather-columns.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

/**
 * Prepares block [m × p] ← the columns of `activations` that the selection state names, for the m
 * rows from `first` on; all rows by default. The block is in f32, the activations in either format.
 * No arithmetic; the least that must move is 8 m p bytes, or 6 m p of activations in float16.
 */
export async function prepareGatherColumns(
  device: Device,
  activations: Matrix,
  state: GpuBuffer,
  block: Matrix,
): Promise<(commands: Commands, call?: { readonly first: number; readonly m: number }) => void> {
  const kernel = await prepareKernel(device, gatherColumnsShader(activations.storage), {
    activations: activations.buffer,
    state,
    block: block.buffer,
  });
  const { columns: p, stride } = block;
  return (commands, { first, m } = { first: 0, m: activations.rows }) =>
    commands.dispatch(
      kernel,
      { m, p, activations_stride: activations.stride, block_stride: stride, first },
      Math.ceil(m / GATHER_COLUMNS_THREADS),
      m * p,
    );
}
