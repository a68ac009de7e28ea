import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { NO_SLOT } from './selection-state.js';
import { unroll } from './unroll.js';

export interface ScoreInitOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
  /** Judges a neuron with its best weight instead of weight 1. */
  readonly fitted: boolean;
}

export const SCORE_INIT_THREADS = 64;

/**
 * What selection knows of each neuron before the first pick, one neuron a thread, from products
 * [slices × (C + 1) × stride] = [Yᵀ H; column sums of H ∘ H]. With q = ⟨φ_i, y⟩ = B_i · (H_i Y) and
 * d = ‖φ_i‖², innerProducts_i = (q, d, q, d). The first pair stays. The rule updates the second to
 * what the picks leave of both. score_i is ‖φ_i − y‖² less the ‖y‖² that all have in common:
 * d − 2q. When fitted it is the least of ‖α φ_i − y‖² less the same: −q² / d.
 */
export function scoreInitShader({ outputs, fitted }: ScoreInitOptions) {
  return {
    name: 'score-init',
    bindings: {
      products: ['read', 'f32'],
      weights: ['read', 'f32'],
      innerProducts: ['read_write', 'vec4<f32>'],
      scores: ['read_write', 'f32'],
      slots: ['read_write', 'u32'],
    },
    uniforms: { n: 'u32', slices: 'u32', products_stride: 'u32', weights_stride: 'u32' },
    workgroupSize: [SCORE_INIT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let i = workgroup * ${SCORE_INIT_THREADS}u + local;
  if (i >= params.n) { return; }
  var squares = 0.0;
${unroll(outputs, (c) => `  var y${c} = 0.0;`)}
  for (var s = 0u; s < params.slices; s++) {
    let at = s * ${outputs + 1}u * params.products_stride + i;
${unroll(outputs, (c) => `    y${c} += products[at + ${c}u * params.products_stride];`)}
    squares += products[at + ${outputs}u * params.products_stride];
  }
  var norm = 0.0;
  var correlation = 0.0;
${unroll(
  outputs,
  (c) => `  let b${c} = weights[i * params.weights_stride + ${c}u];
  norm += b${c} * b${c};
  correlation += b${c} * y${c};`,
)}
  let energy = norm * squares;
  innerProducts[i] = vec4<f32>(correlation, energy, correlation, energy);
#if ${fitted}
  // Only a silent neuron scores 0. NaN must stay NaN, so that it is counted.
  scores[i] = select(-correlation * correlation / energy, 0.0, energy == 0.0);
#else
  scores[i] = energy - 2.0 * correlation;
#endif
  slots[i] = ${NO_SLOT}u;
}
`,
  } as const;
}
