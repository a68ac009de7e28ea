import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { RULE_UPDATE_THREADS, type RuleUpdateOptions } from './average-update.wgsl.js';
import { pickRow } from './pick-row.js';
import { NEGLIGIBLE, TRACE } from './selection-state.js';

/** Words of `innerProducts` under the rule `line-search`: ⟨φ_i, y⟩, ‖φ_i‖² and ⟨φ_i, y − u⟩. */
export const LINE_SEARCH_WORDS = { correlation: 0, energy: 1, remaining: 2 } as const;

/** Words of the mixture u's own inner products: ‖u‖² and ⟨u, y⟩. */
export const MIXTURE_WORDS = { energy: 0, correlation: 1, words: 2 } as const;

/**
 * Takes in the pick s under the rule `line-search`, u ← (1 − γ) u + γ φ_s, one neuron a thread. For
 * candidate i, with e = ⟨φ_i − u, y − u⟩ and f = ‖φ_i − u‖², the best step is γ_i = e / f within
 * [0, 1], and score_i = γ_i (γ_i f − 2e) is the change of ‖u − y‖² that it brings (γ = 1 for the
 * first pick).
 *
 * Every thread works out the same γ and mixture from what the choice of the pick left in the trace;
 * the mixture alternates between two places, so that no thread reads what another has overwritten.
 */
export function lineSearchUpdateShader({ outputs }: RuleUpdateOptions) {
  return {
    name: 'line-search-update',
    bindings: {
      state: ['read', 'u32'],
      trace: ['read', 'f32'],
      weights: ['read', 'f32'],
      cache: ['read', 'f32'],
      innerProducts: ['read_write', 'vec4<f32>'],
      mixture: ['read_write', 'f32'],
      scores: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', weights_stride: 'u32', step: 'u32' },
    workgroupSize: [RULE_UPDATE_THREADS, 1],
    body: wgsl`
struct Neuron { correlation: f32, energy: f32, remaining: f32 }
struct Mixture { energy: f32, correlation: f32 }

// γ of a neuron from the mixture u: e and f must stand out from their terms, or nothing is improved
// and the selection could go on for ever.
fn best_step(e: f32, f: f32, neuron: Neuron, u: Mixture) -> f32 {
  let e_terms = abs(neuron.remaining) + abs(u.correlation) + u.energy;
  let f_terms = neuron.energy + 2.0 * abs(neuron.correlation - neuron.remaining) + u.energy;
  let improves = e > ${NEGLIGIBLE} * e_terms && f > ${NEGLIGIBLE} * f_terms;
  return select(0.0, clamp(e / f, 0.0, 1.0), improves);
}

fn kernel(workgroup: u32, local: u32) {
${pickRow(RULE_UPDATE_THREADS, outputs)}
  let at = params.step * ${TRACE.words}u + ${TRACE.innerProducts}u;
  let picked = Neuron(
    trace[at + ${LINE_SEARCH_WORDS.correlation}u],
    trace[at + ${LINE_SEARCH_WORDS.energy}u],
    trace[at + ${LINE_SEARCH_WORDS.remaining}u],
  );
  let place = (params.step % 2u) * ${MIXTURE_WORDS.words}u;
  let before = Mixture(
    mixture[place + ${MIXTURE_WORDS.energy}u],
    mixture[place + ${MIXTURE_WORDS.correlation}u],
  );
  let picked_inner = picked.correlation - picked.remaining;
  var gamma = 1.0;
  if (params.step > 0u) {
    gamma = best_step(
      picked.remaining - before.correlation + before.energy,
      picked.energy - 2.0 * picked_inner + before.energy,
      picked,
      before,
    );
  }
  let keep = 1.0 - gamma;
  let after = Mixture(
    keep * keep * before.energy + 2.0 * keep * gamma * picked_inner + gamma * gamma * picked.energy,
    keep * before.correlation + gamma * picked.correlation,
  );
  if (i == 0u) {
    let next = ${MIXTURE_WORDS.words}u - place;
    mixture[next + ${MIXTURE_WORDS.energy}u] = after.energy;
    mixture[next + ${MIXTURE_WORDS.correlation}u] = after.correlation;
  }
  let known = innerProducts[i];
  let correlation = known[${LINE_SEARCH_WORDS.correlation}];
  let energy = known[${LINE_SEARCH_WORDS.energy}];
  let remaining = keep * known[${LINE_SEARCH_WORDS.remaining}] + gamma * (correlation - inner);
  innerProducts[i][${LINE_SEARCH_WORDS.remaining}] = remaining;
  let e = remaining - after.correlation + after.energy;
  let f = energy - 2.0 * (correlation - remaining) + after.energy;
  let step = best_step(e, f, Neuron(correlation, energy, remaining), after);
  scores[i] = step * (step * f - 2.0 * e);
}
`,
  } as const;
}
