import { GATHER_COLUMNS_THREADS, gatherColumnsShader } from '../../shaders/gather-columns.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

/** Prepares block [m × p] ← the columns of `activations` that the selection state names. */
export async function prepareGatherColumns(
  device: Device,
  activations: Matrix,
  state: GpuBuffer,
  block: Matrix,
): Promise<(batch: Batch) => void> {
  const kernel = await prepareKernel(device, gatherColumnsShader(), {
    activations: activations.buffer,
    state,
    block: block.buffer,
  });
  const m = activations.rows;
  return (batch) =>
    batch.dispatch(
      kernel,
      { m, p: block.columns, activations_stride: activations.stride, block_stride: block.stride },
      Math.ceil(m / GATHER_COLUMNS_THREADS),
      m * block.columns,
    );
}
