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
 * Words of `innerProducts` under the rule `corrective`: ⟨φ_i, y⟩, ‖φ_i‖², ⟨φ_i, r⟩ with r what least
 * squares on the picks leave of y, and ‖φ_i‖² outside the picks' span.
 */
export const CORRECTIVE_WORDS = { correlation: 0, energy: 1, remaining: 2, outside: 3 } as const;

/**
 * Takes in the pick s under the rule `corrective` (orthogonal least squares by partial Cholesky),
 * one neuron a thread. basis [k × N] holds ⟨φ_i, e_t⟩ for the orthonormal directions e_t that the
 * picks brought. A candidate would lower ‖r‖² by
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
      innerProducts: ['read_write', 'vec4<f32>'],
      basis: ['read_write', 'f32'],
      scores: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', weights_stride: 'u32', step: 'u32' },
    workgroupSize: [RULE_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${pickRow(RULE_UPDATE_THREADS, outputs)}
  let at = params.step * ${TRACE.words}u + ${TRACE.innerProducts}u;
  let outside = trace[at + ${CORRECTIVE_WORDS.outside}u];
  let energy = trace[at + ${CORRECTIVE_WORDS.energy}u];
  // A dependent pick brings no direction: it leaves everything as it was.
  let pivot = select(0.0, inverseSqrt(outside), outside > ${DEPENDENT} * energy);
  let gain = trace[at + ${CORRECTIVE_WORDS.remaining}u] * pivot;
  var sum = inner;
  for (var t = 0u; t < params.step; t++) {
    sum -= basis[t * params.n + i] * basis[t * params.n + pick];
  }
  let along = sum * pivot;
  basis[params.step * params.n + i] = along;
  let known = innerProducts[i];
  let remaining = known[${CORRECTIVE_WORDS.remaining}] - along * gain;
  let left = known[${CORRECTIVE_WORDS.outside}] - along * along;
  innerProducts[i][${CORRECTIVE_WORDS.remaining}] = remaining;
  innerProducts[i][${CORRECTIVE_WORDS.outside}] = left;
  let helps = left > ${DEPENDENT} * known[${CORRECTIVE_WORDS.energy}];
  scores[i] = select(0.0, -remaining * remaining / left, helps);
}
`,
  } as const;
}
