import { argminShader } from '../../shaders/argmin.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';

export { NO_SLOT, SELECTION_STATE, TAKEN } from '../../shaders/selection-state.js';

export interface Argmin {
  /** N, the number of scores. */
  readonly count: number;
  readonly scores: GpuBuffer;
  /** Cache slot of each neuron [N]. */
  readonly slots: GpuBuffer;
  /** Neuron of each cache slot [capacity]. */
  readonly owners: GpuBuffer;
  readonly capacity: number;
  readonly state: GpuBuffer;
  /** The pick of each step, written. */
  readonly picks: GpuBuffer;
  /** p: Gram rows computed in one pass, at most the capacity. */
  readonly block: number;
  readonly replacement: boolean;
}

/** Prepares the choice of step `step`'s pick and of the Gram rows to compute with it. */
export async function prepareArgmin(
  device: Device,
  argmin: Argmin,
): Promise<(batch: Batch, step: number) => void> {
  const { count, scores, slots, owners, capacity, state, picks, block, replacement } = argmin;
  if (block > capacity) {
    throw new RangeError(`A block of ${block} rows does not fit a cache of ${capacity}.`);
  }
  const kernel = await prepareKernel(device, argminShader({ replacement }), {
    scores,
    slots,
    owners,
    state,
    picks,
  });
  return (batch, step) =>
    batch.dispatch(kernel, { n: count, p: block, capacity, step }, 1, count * 2);
}
