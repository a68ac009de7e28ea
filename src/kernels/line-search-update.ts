import { RULE_UPDATE_THREADS } from '../../shaders/average-update.wgsl.js';
import { lineSearchUpdateShader } from '../../shaders/line-search-update.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { RuleUpdate } from './average-update.js';

export { LINE_SEARCH_WORDS, MIXTURE_WORDS } from '../../shaders/line-search-update.wgsl.js';

export interface LineSearchUpdate extends RuleUpdate {
  /** (‖u‖², ⟨u, y⟩) of even and of odd steps [2 × 2]; zero before the first. */
  readonly mixture: GpuBuffer;
}

/**
 * Prepares the update of all scores by the pick s, for the best step from the mixture u towards it
 * and then from the new one towards each candidate:
 *
 *     u ← (1 − γ) u + γ φ_s,   γ_i = e_i / f_i within [0, 1],   score_i = γ_i (γ_i f_i − 2 e_i)
 *     e_i = ⟨φ_i − u, y − u⟩,   f_i = ‖φ_i − u‖²
 *
 * all from s's Gram row and the inner products. N (2 C + 18) operations; the least that must move
 * is 4 N (C + 6) bytes: the row, B, three inner products in and one out, and the scores.
 */
export async function prepareLineSearchUpdate(
  device: Device,
  { state, trace, weights, cache, innerProducts, mixture, scores }: LineSearchUpdate,
): Promise<(commands: Commands, step: number) => void> {
  const { rows: n, columns: outputs, stride } = weights;
  const kernel = await prepareKernel(device, lineSearchUpdateShader({ outputs }), {
    state,
    trace,
    weights: weights.buffer,
    cache,
    innerProducts,
    mixture,
    scores,
  });
  const workgroups = Math.ceil(n / RULE_UPDATE_THREADS);
  return (commands, step) =>
    commands.dispatch(
      kernel,
      { n, weights_stride: stride, step },
      workgroups,
      n * (2 * outputs + 40),
    );
}
