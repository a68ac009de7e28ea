import { averageUpdateShader, RULE_UPDATE_THREADS } from '../../shaders/average-update.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export { AVERAGE_WORDS } from '../../shaders/average-update.wgsl.js';

/** What every rule's update works on. */
export interface RuleUpdate {
  readonly state: GpuBuffer;
  /** Score and inner products of each pick, [k × TRACE.words]. */
  readonly trace: GpuBuffer;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** [capacity × N], the Gram rows kept. */
  readonly cache: GpuBuffer;
  /** [N × 4]: for each neuron the inner products that the rule names. */
  readonly innerProducts: GpuBuffer;
  /** [N], updated. */
  readonly scores: GpuBuffer;
}

/**
 * Prepares the update of all scores by the pick s, for the average of the picks:
 *
 *     score_i ← score_i + 2 (⟨φ_i, φ_s⟩ − ⟨φ_i, y⟩),   ⟨φ_i, φ_s⟩ = (B_i · B_s) ⟨h_i, h_s⟩
 *
 * with s's Gram row from the cache. N (2 C + 4) operations; the least that must move is
 * 4 N (C + 4) bytes: the row, B, ⟨φ_i, y⟩, and the scores in and out.
 */
export async function prepareAverageUpdate(
  device: Device,
  { state, weights, cache, innerProducts, scores }: RuleUpdate,
): Promise<(commands: Commands) => void> {
  const { rows: n, columns: outputs, stride } = weights;
  const kernel = await prepareKernel(device, averageUpdateShader({ outputs }), {
    state,
    weights: weights.buffer,
    cache,
    innerProducts,
    scores,
  });
  const uniforms = { n, weights_stride: stride };
  const workgroups = Math.ceil(n / RULE_UPDATE_THREADS);
  return (commands) => commands.dispatch(kernel, uniforms, workgroups, n * (2 * outputs + 4));
}
