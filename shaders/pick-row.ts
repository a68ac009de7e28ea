import { SELECTION_STATE } from './selection-state.js';
import { unroll } from './unroll.js';

/**
 * WGSL for the start of a rule's update, common to all: it leaves `i`, `pick` and
 * `inner` = ⟨φ_i, φ_pick⟩ = (B_i · B_pick)(H_i · H_pick). Without a pick (all scores NaN, or all
 * neurons taken) there is nothing to take in.
 */
export function pickRow(threads: number, outputs: number): string {
  return `
  let i = workgroup * ${threads}u + local;
  let pick = state[${SELECTION_STATE.pick}];
  if (i >= params.n || pick >= params.n) { return; }
  var alignment = 0.0;
${unroll(
  outputs,
  (c) => `  alignment += weights[i * params.weights_stride + ${c}u]
    * weights[pick * params.weights_stride + ${c}u];`,
)}
  let inner = alignment * cache[state[${SELECTION_STATE.slot}] * params.n + i];`;
}
