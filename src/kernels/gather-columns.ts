import { GATHER_COLUMNS_THREADS, gatherColumnsShader } from '../../shaders/gather-columns.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface GatherColumns {
  /** H, in either storage format. */
  readonly activations: Matrix;
  /** How many columns, and behind that which; the GPU may decide both. */
  readonly indices: GpuBuffer;
  /** The word of `indices` where that list begins; 0 by default. */
  readonly list?: number;
  /** [m × p] in f32; its columns past the list's end stay as they are. */
  readonly block: Matrix;
}

/**
 * Prepares block [m × p] ← the listed columns of the activations, for the m rows from `first` on; all
 * rows by default. No arithmetic; the least that must move is 8 m p bytes, or 6 m p of activations
 * in float16.
 */
export async function prepareGatherColumns(
  device: Device,
  { activations, indices, list = 0, block }: GatherColumns,
): Promise<(commands: Commands, call?: { readonly first: number; readonly m: number }) => void> {
  const kernel = await prepareKernel(device, gatherColumnsShader(activations.storage), {
    activations: activations.buffer,
    indices,
    block: block.buffer,
  });
  const { columns: p, stride } = block;
  return (commands, { first, m } = { first: 0, m: activations.rows }) =>
    commands.dispatch(
      kernel,
      { m, p, activations_stride: activations.stride, block_stride: stride, first, list },
      Math.ceil(m / GATHER_COLUMNS_THREADS),
      m * p,
    );
}
