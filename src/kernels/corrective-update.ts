import { RULE_UPDATE_THREADS } from '../../shaders/average-update.wgsl.js';
import { correctiveUpdateShader } from '../../shaders/corrective-update.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { RuleUpdate } from './average-update.js';

export { DEPENDENT } from '../../shaders/corrective-update.wgsl.js';

export interface CorrectiveUpdate extends RuleUpdate {
  /** [k × N]: each neuron along the directions that the picks brought. */
  readonly basis: GpuBuffer;
}

/** Prepares the update of all scores by the pick, for least squares on all picks. */
export async function prepareCorrectiveUpdate(
  device: Device,
  { state, trace, weights, cache, moments, basis, scores }: CorrectiveUpdate,
): Promise<(batch: Batch, step: number) => void> {
  const { rows: n, columns: outputs, stride } = weights;
  const kernel = await prepareKernel(device, correctiveUpdateShader({ outputs }), {
    state,
    trace,
    weights: weights.buffer,
    cache,
    moments,
    basis,
    scores,
  });
  const workgroups = Math.ceil(n / RULE_UPDATE_THREADS);
  return (batch, step) =>
    batch.dispatch(
      kernel,
      { n, weights_stride: stride, step },
      workgroups,
      n * (2 * outputs + 2 * step + 12),
    );
}
