import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';

/** sums [slices × C]: each channel's sum over the rows of a slice of the map. */
export function columnSumsShader() {
  return {
    name: 'column-sums',
    bindings: { input: ['read', 'vec4<f32>'], sums: ['read_write', 'vec4<f32>'] },
    uniforms: ROW_WALK_UNIFORMS,
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: `
fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  var sum = vec4<f32>();
  for (var row = 0u; row < count; row++) {
    sum += input[at];
    at += step;
  }
  sums[thread] = sum;
}
`,
  } as const;
}
