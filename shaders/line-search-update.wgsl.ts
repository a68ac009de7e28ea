import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { RULE_UPDATE_THREADS, type RuleUpdateOptions } from './average-update.wgsl.js';
import { pickRow } from './pick-row.js';
import { NEGLIGIBLE, TRACE } from './selection-state.js';

/**
 * Takes in the pick s under the rule `line-search`, u ← (1 − γ) u + γ φ_s, one neuron a thread.
 * moments_i = (⟨φ_i, y⟩, ‖φ_i‖², ⟨φ_i, y − u⟩, –) and totals = (‖u‖², ⟨u, y⟩). For candidate i,
 * with e = ⟨φ_i − u, y − u⟩ and f = ‖φ_i − u‖², the best step is γ_i = e / f within [0, 1], and
 * score_i = γ_i (γ_i f − 2e) is the change of ‖u − y‖² that it brings (γ = 1 for the first pick).
 *
 * Every thread works out the same γ and totals from what the choice of the pick left in the trace;
 * totals alternate between two places, so that no thread reads what another has overwritten.
 */
export function lineSearchUpdateShader({ outputs }: RuleUpdateOptions) {
  return {
    name: 'line-search-update',
    bindings: {
      state: ['read', 'u32'],
      trace: ['read', 'f32'],
      weights: ['read', 'f32'],
      cache: ['read', 'f32'],
      moments: ['read_write', 'vec4<f32>'],
      totals: ['read_write', 'vec2<f32>'],
      scores: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', weights_stride: 'u32', step: 'u32' },
    workgroupSize: [RULE_UPDATE_THREADS, 1],
    body: wgsl`
// γ of a neuron with moments (q, d, z), from totals u: e and f must stand out from their terms,
// or nothing is improved and the selection could go on for ever.
fn best_step(e: f32, f: f32, neuron: vec3<f32>, u: vec2<f32>) -> f32 {
  let e_terms = abs(neuron.z) + abs(u.y) + u.x;
  let f_terms = neuron.y + 2.0 * abs(neuron.x - neuron.z) + u.x;
  let improves = e > ${NEGLIGIBLE} * e_terms && f > ${NEGLIGIBLE} * f_terms;
  return select(0.0, clamp(e / f, 0.0, 1.0), improves);
}

fn kernel(workgroup: u32, local: u32) {
${pickRow(RULE_UPDATE_THREADS, outputs)}
  let at = params.step * ${TRACE.words}u + ${TRACE.moments}u;
  let picked = vec4<f32>(trace[at], trace[at + 1u], trace[at + 2u], trace[at + 3u]);
  let before = totals[params.step % 2u];
  let picked_inner = picked.x - picked.z;
  var gamma = 1.0;
  if (params.step > 0u) {
    gamma = best_step(
      picked.z - before.y + before.x,
      picked.y - 2.0 * picked_inner + before.x,
      picked.xyz,
      before,
    );
  }
  let keep = 1.0 - gamma;
  let after = vec2<f32>(
    keep * keep * before.x + 2.0 * keep * gamma * picked_inner + gamma * gamma * picked.y,
    keep * before.y + gamma * picked.x,
  );
  if (i == 0u) { totals[(params.step + 1u) % 2u] = after; }
  let known = moments[i];
  let remaining = keep * known.z + gamma * (known.x - inner);
  moments[i].z = remaining;
  let e = remaining - after.y + after.x;
  let f = known.y - 2.0 * (known.x - remaining) + after.x;
  let step = best_step(e, f, vec3<f32>(known.x, known.y, remaining), after);
  scores[i] = step * (step * f - 2.0 * e);
}
`,
  } as const;
}
