import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

export interface MultiplyOptions {
  /** The factor is one number a channel and image [images × C], and not a map. */
  readonly gate: boolean;
  /** The product is added to what is there. */
  readonly accumulate: boolean;
}

/** Rows that a turn of the loop takes. */
const TURN = 4;

/**
 * output [+]= input · factor, four channels of some rows of an image a thread. Where the factor is a
 * map, all images are one; where it is a gate, each has workgroups of its own.
 */
export function multiplyShader({ gate, accumulate }: MultiplyOptions) {
  const value = (at: string) =>
    `input[${at}] * ${gate ? 'own' : `factor[${at}]`}${accumulate ? ` + output[${at}]` : ''}`;
  return {
    name: 'multiply',
    bindings: {
      input: ['read', 'vec4<f32>'],
      factor: ['read', 'vec4<f32>'],
      output: ['read_write', 'vec4<f32>'],
    },
    uniforms: { ...ROW_WALK_UNIFORMS, workgroups: 'u32' },
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
fn kernel(id: u32, local: u32) {
  let image = id / params.workgroups;
  let workgroup = id % params.workgroups;
${ROW_WALK}
#if ${gate}
  let own = factor[image * params.vectors + column];
#endif
  at += image * params.rows * params.vectors;
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
