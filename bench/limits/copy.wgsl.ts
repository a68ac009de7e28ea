import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { unroll } from '../../shaders/unroll.js';

export interface CopyOptions {
  readonly threads: number;
  /** Vectors of four that each thread copies, a workgroup's width apart. */
  readonly vectors: number;
}

/** destination = source, for buffers that divide into whole workgroups of threads · vectors vectors. */
export function copyShader({ threads, vectors }: CopyOptions) {
  return {
    name: 'copy',
    bindings: { source: ['read', 'vec4<f32>'], destination: ['read_write', 'vec4<f32>'] },
    uniforms: { unused: 'u32' },
    workgroupSize: [threads, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let first = workgroup * ${threads * vectors}u + local;
${unroll(vectors, (v) => `  let x${v} = source[first + ${v * threads}u];`)}
${unroll(vectors, (v) => `  destination[first + ${v * threads}u] = x${v};`)}
}
`,
  } as const;
}
