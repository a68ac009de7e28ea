import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { pickRow } from './pick-row.js';

export interface RuleUpdateOptions {
  /** C, the number of outputs. */
  readonly outputs: number;
}

export const RULE_UPDATE_THREADS = 64;

/** Words of `innerProducts` under the rule `average`: ⟨φ_i, y⟩ and ‖φ_i‖². */
export const AVERAGE_WORDS = { correlation: 0, energy: 1 } as const;

/**
 * Takes in the pick s under the rule `average`, one neuron a thread:
 * score_i ← score_i + 2 (⟨φ_i, φ_s⟩ − ⟨φ_i, y⟩).
 */
export function averageUpdateShader({ outputs }: RuleUpdateOptions) {
  return {
    name: 'average-update',
    bindings: {
      state: ['read', 'u32'],
      weights: ['read', 'f32'],
      cache: ['read', 'f32'],
      innerProducts: ['read', 'vec4<f32>'],
      scores: ['read_write', 'f32'],
    },
    uniforms: { n: 'u32', weights_stride: 'u32' },
    workgroupSize: [RULE_UPDATE_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${pickRow(RULE_UPDATE_THREADS, outputs)}
  scores[i] += 2.0 * (inner - innerProducts[i][${AVERAGE_WORDS.correlation}]);
}
`,
  } as const;
}
