import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { unroll } from '../shaders/unroll.js';

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

export interface FmaOptions {
  readonly threads: number;
  /** Floats of one register: vectors of four, or scalars. */
  readonly lanes: 1 | 4;
  /** Sums that do not wait for each other, so that the latency of one hides behind the others. */
  readonly chains: number;
  /** `fma(x, a, b)`, or a product and a sum that the compiler may fuse. */
  readonly fused: boolean;
}

/** Rounds of a loop's body, so that the loop itself costs little. */
export const FMA_UNROLL = 16;

/**
 * x ← scale · x + offset, `rounds` · FMA_UNROLL times in every chain, without a load or a store in
 * between: the most multiply-adds that the adapter does. Each thread leaves the sum of its chains.
 */
export function fmaShader({ threads, lanes, chains, fused }: FmaOptions) {
  const type = lanes === 4 ? 'vec4<f32>' : 'f32';
  const step = (x: string) => (fused ? `fma(${x}, scale, offset)` : `${x} * scale + offset`);
  return {
    name: 'fma',
    bindings: { sums: ['read_write', 'f32'] },
    uniforms: { rounds: 'u32', scale: 'f32', offset: 'f32' },
    workgroupSize: [threads, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let scale = ${type}(params.scale);
  let offset = ${type}(params.offset);
${unroll(chains, (c) => `  var x${c} = ${type}(f32(local + ${c}u));`)}
  for (var round = 0u; round < params.rounds; round++) {
${unroll(FMA_UNROLL, () => unroll(chains, (c) => `    x${c} = ${step(`x${c}`)};`))}
  }
  let sum = ${Array.from({ length: chains }, (_, c) => `x${c}`).join(' + ')};
  sums[workgroup * ${threads}u + local] = ${lanes === 4 ? 'dot(sum, vec4<f32>(1.0))' : 'sum'};
}
`,
  } as const;
}

/** Does nothing: its time is what a dispatch costs before its first instruction. */
export function emptyShader() {
  return {
    name: 'empty',
    bindings: {},
    uniforms: { unused: 'u32' },
    workgroupSize: [1, 1],
    body: 'fn kernel(workgroup: u32, local: u32) {}',
  } as const;
}
