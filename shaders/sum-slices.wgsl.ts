import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

/** Threads of a workgroup that have an element of four numbers each. */
export const SUM_SLICES_THREADS = 64;

export interface SumSlicesOptions {
  /**
   * A workgroup of so many threads shares an element: for hardware, where one thread alone would wait
   * for memory once a slice.
   */
  readonly sharedBy?: 64 | 256 | undefined;
}

/** sum [rows × C] = Σ_slices of parts [slices × rows × C], in the same order whatever they hold. */
export function sumSlicesShader({ sharedBy }: SumSlicesOptions) {
  const threads = sharedBy ?? SUM_SLICES_THREADS;
  return {
    name: 'sum-slices',
    bindings: { parts: ['read', 'vec4<f32>'], sum: ['read_write', 'vec4<f32>'] },
    uniforms: { slices: 'u32', rows: 'u32', columns: 'u32', vectors: 'u32' },
    workgroupSize: [threads, 1],
    body: wgsl`
fn summed(element: u32, first: u32, step: u32) -> vec4<f32> {
  var total = vec4<f32>();
  for (var slice = first; slice < params.slices; slice += step) {
    total += parts[slice * params.rows * params.vectors + element];
  }
  return total;
}

// What pads a row becomes zero, as it is in the weights whose gradient this may be.
fn store(element: u32, total: vec4<f32>) {
  let first = 4u * (element % params.vectors);
  let live = vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.columns);
  sum[element] = select(vec4<f32>(), total, live);
}

#if ${sharedBy !== undefined}
var<workgroup> totals: array<vec4<f32>, ${threads}>;

fn kernel(element: u32, local: u32) {
  if (element >= params.rows * params.vectors) { return; }
  totals[local] = summed(element, local, ${threads}u);
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { totals[local] += totals[local + half]; }
  }
  if (local == 0u) { store(element, totals[0]); }
}
#else
fn kernel(workgroup: u32, local: u32) {
  let element = workgroup * ${threads}u + local;
  if (element < params.rows * params.vectors) { store(element, summed(element, 0u, 1u)); }
}
#endif
`,
  } as const;
}
