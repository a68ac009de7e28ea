import { RULE_UPDATE_THREADS } from '../../shaders/average-update.wgsl.js';
import { lineSearchUpdateShader } from '../../shaders/line-search-update.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { RuleUpdate } from './average-update.js';

export interface LineSearchUpdate extends RuleUpdate {
  /** (‖u‖², ⟨u, y⟩) of even and of odd steps [2 × 2]; zero before the first. */
  readonly totals: GpuBuffer;
}

/** Prepares the update of all scores by the pick, for the best step from the mixture towards it. */
export async function prepareLineSearchUpdate(
  device: Device,
  { state, trace, weights, cache, moments, totals, scores }: LineSearchUpdate,
): Promise<(batch: Batch, step: number) => void> {
  const { rows: n, columns: outputs, stride } = weights;
  const kernel = await prepareKernel(device, lineSearchUpdateShader({ outputs }), {
    state,
    trace,
    weights: weights.buffer,
    cache,
    moments,
    totals,
    scores,
  });
  const workgroups = Math.ceil(n / RULE_UPDATE_THREADS);
  return (batch, step) =>
    batch.dispatch(kernel, { n, weights_stride: stride, step }, workgroups, n * (2 * outputs + 40));
}
