import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

/** Threads of a workgroup. They share four channels of one image, or have four channels each. */
export const GATE_GRADIENT_THREADS = 64;

export interface GateGradientOptions {
  /** A workgroup shares four channels of an image: for hardware, where one thread would wait for memory. */
  readonly shared: boolean;
  /** The gradient is added to what is there. */
  readonly accumulate: boolean;
}

/** into [images × C] [+]= Σ_positions gradient · input, of a map that a gate has multiplied. */
export function gateGradientShader({ shared, accumulate }: GateGradientOptions) {
  const threads = GATE_GRADIENT_THREADS;
  return {
    name: 'gate-gradient',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      input: ['read', 'vec4<f32>'],
      into: ['read_write', 'vec4<f32>'],
    },
    uniforms: { images: 'u32', positions: 'u32', vectors: 'u32' },
    workgroupSize: [threads, 1],
    body: wgsl`
fn summed(gate: u32, first: u32, step: u32) -> vec4<f32> {
  let start = (gate / params.vectors) * params.positions * params.vectors + gate % params.vectors;
  var total = vec4<f32>();
  for (var position = first; position < params.positions; position += step) {
    let at = start + position * params.vectors;
    total += gradient[at] * input[at];
  }
  return total;
}

fn store(gate: u32, total: vec4<f32>) {
#if ${accumulate}
  into[gate] += total;
#else
  into[gate] = total;
#endif
}

#if ${shared}
var<workgroup> totals: array<vec4<f32>, ${threads}>;

fn kernel(gate: u32, local: u32) {
  if (gate >= params.images * params.vectors) { return; }
  totals[local] = summed(gate, local, ${threads}u);
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { totals[local] += totals[local + half]; }
  }
  if (local == 0u) { store(gate, totals[0]); }
}
#else
fn kernel(workgroup: u32, local: u32) {
  let gate = workgroup * ${threads}u + local;
  if (gate < params.images * params.vectors) { store(gate, summed(gate, 0u, 1u)); }
}
#endif
`,
  } as const;
}
