import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { RULE_UPDATE_THREADS, type RuleUpdateOptions } from './average-update.wgsl.js';
import { pickRow } from './pick-row.js';
import { TRACE } from './selection-state.js';

/**
 * Below this share of a neuron's ‖φ‖² what the picks leave of it is rounding error of the Gram
 * matrix; such a neuron counts as a combination of the picks and improves nothing.
 */
export const DEPENDENT = 1e-4;

/**
 * Takes in the pick s under the rule `corrective` (orthogonal least squares by partial Cholesky),
 * one neuron a thread. moments_i = (⟨φ_i, y⟩, ‖φ_i‖², ⟨φ_i, r⟩, ‖φ_i‖² outside the picks' span),
 * with r what least squares on the picks leave of y; basis [k × N] holds ⟨φ_i, e_t⟩ for the
 * orthonormal directions e_t that the picks brought. A candidate would lower ‖r‖² by
 * ⟨φ_i, r⟩² / ‖φ_i outside‖², and score_i is minus that.
 */
export function correctiveUpdateShader({ outputs }: RuleUpdateOptions) {
  return {
    name: 'corrective-update',
    bindings: {
      state: ['read', 'u32'],
      trace: ['read', 'f32'],
      weights: ['read', 'f32'],
      cache: ['read', 'f32'],
      moments: ['read_write', 'vec4<f32>'],
      basis: ['read_write', 'f32'],
      scores: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', weights_stride: 'u32', step: 'u32' },
    workgroupSize: [RULE_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${pickRow(RULE_UPDATE_THREADS, outputs)}
  let at = params.step * ${TRACE.words}u + ${TRACE.moments}u;
  let outside = trace[at + 3u];
  // A dependent pick brings no direction: it leaves everything as it was.
  let pivot = select(0.0, inverseSqrt(outside), outside > ${DEPENDENT} * trace[at + 1u]);
  let gain = trace[at + 2u] * pivot;
  var sum = inner;
  for (var t = 0u; t < params.step; t++) {
    sum -= basis[t * params.n + i] * basis[t * params.n + pick];
  }
  let along = sum * pivot;
  basis[params.step * params.n + i] = along;
  let known = moments[i];
  let remaining = known.z - along * gain;
  let left = known.w - along * along;
  moments[i].z = remaining;
  moments[i].w = left;
  scores[i] = select(0.0, -remaining * remaining / left, left > ${DEPENDENT} * known.y);
}
`,
  } as const;
}
