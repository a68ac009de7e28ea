import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { Bend } from './activations.js';
import { derivativeOfBend } from './activations.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

export interface ActivateGradientOptions {
  readonly bend: Bend;
  /** The gradient is added to what is there. */
  readonly accumulate: boolean;
}

/** Rows that a turn of the loop takes. */
const TURN = 4;

/** into [+]= gradient · σ′, four channels of some rows a thread. */
export function activateGradientShader({ bend, accumulate }: ActivateGradientOptions) {
  const bent = bend.from !== 'nothing';
  const value = (at: string) =>
    `gradient[${at}]${bent ? ` * derivative(known[${at}])` : ''}${accumulate ? ` + into[${at}]` : ''}`;
  return {
    name: 'activate-gradient',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      into: ['read_write', 'vec4<f32>'],
      ...(bent && ({ known: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: ROW_WALK_UNIFORMS,
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
${derivativeOfBend(bend, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  let end = at + count * step;
  let last = at + (count / ${TURN}u) * ${TURN}u * step;
  for (; at < last; at += ${TURN}u * step) {
${unroll(TURN, (r) => `    let g${r} = ${value(`at + ${r}u * step`)};`)}
${unroll(TURN, (r) => `    into[at + ${r}u * step] = g${r};`)}
  }
  for (; at < end; at += step) { into[at] = ${value('at')}; }
}
`,
  } as const;
}
