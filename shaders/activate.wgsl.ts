import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { activateFunction, type MapActivation } from './activations.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

export interface ActivateOptions {
  readonly activation: MapActivation;
  /** Another map is added first, or taken away. */
  readonly other: 'none' | 'added' | 'subtracted';
}

/** Rows that a turn of the loop takes. */
const TURN = 4;

/** output = σ(input [± other]), four channels of some rows a thread. */
export function activateShader({ activation, other }: ActivateOptions) {
  const value = (at: string) =>
    `activate(input[${at}]${other === 'none' ? '' : ` ${other === 'added' ? '+' : '-'} other[${at}]`})`;
  return {
    name: 'activate',
    bindings: {
      input: ['read', 'vec4<f32>'],
      output: ['read_write', 'vec4<f32>'],
      ...(other !== 'none' && ({ other: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: ROW_WALK_UNIFORMS,
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
${activateFunction(activation, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  let end = at + count * step;
  let last = at + (count / ${TURN}u) * ${TURN}u * step;
  for (; at < last; at += ${TURN}u * step) {
${unroll(TURN, (r) => `    let y${r} = ${value(`at + ${r}u * step`)};`)}
${unroll(TURN, (r) => `    output[at + ${r}u * step] = y${r};`)}
  }
  for (; at < end; at += step) { output[at] = ${value('at')}; }
}
`,
  } as const;
}
