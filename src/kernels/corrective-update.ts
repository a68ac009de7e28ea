import { RULE_UPDATE_THREADS } from '../../shaders/average-update.wgsl.js';
import { correctiveUpdateShader } from '../../shaders/corrective-update.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { RuleUpdate } from './average-update.js';

export { CORRECTIVE_WORDS, DEPENDENT } from '../../shaders/corrective-update.wgsl.js';

export interface CorrectiveUpdate extends RuleUpdate {
  /** [k × N]: each neuron along the directions that the picks brought. */
  readonly basis: GpuBuffer;
}

/**
 * Prepares the update of all scores by the pick s, for least squares on all picks. With e the
 * direction that s adds to e_t of the k picks before, φ° what of φ lies outside these, and r what
 * they leave of y:
 *
 *     ⟨φ_i, e⟩ = (⟨φ_i, φ_s⟩ − Σ_t ⟨φ_i, e_t⟩ ⟨φ_s, e_t⟩) / ‖φ_s°‖
 *     ⟨φ_i, r⟩ ← ⟨φ_i, r⟩ − ⟨φ_i, e⟩ ⟨r, e⟩,   ‖φ_i°‖² ← ‖φ_i°‖² − ⟨φ_i, e⟩²
 *     score_i = −⟨φ_i, r⟩² / ‖φ_i°‖²
 *
 * N (2 C + 2 k + 9) operations; the least that must move is 4 N (k + C + 8) bytes: the basis so far
 * and its new row, the Gram row, B, three inner products in and two out, and the scores.
 */
export async function prepareCorrectiveUpdate(
  device: Device,
  { state, trace, weights, cache, innerProducts, basis, scores }: CorrectiveUpdate,
): Promise<(commands: Commands, step: number) => void> {
  const { rows: n, columns: outputs, stride } = weights;
  const kernel = await prepareKernel(device, correctiveUpdateShader({ outputs }), {
    state,
    trace,
    weights: weights.buffer,
    cache,
    innerProducts,
    basis,
    scores,
  });
  const workgroups = Math.ceil(n / RULE_UPDATE_THREADS);
  return (commands, step) =>
    commands.dispatch(
      kernel,
      { n, weights_stride: stride, step },
      workgroups,
      n * (2 * outputs + 2 * step + 12),
    );
}
