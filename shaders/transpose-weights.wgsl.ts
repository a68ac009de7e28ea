import { unroll } from './unroll.js';

export const THREADS = 64;

/**
 * Packed weights [taps · channels × outputs] turned into those of the gradient of the input, [taps ·
 * outputs × channels], with the taps in reverse order:
 *
 *   out[(taps − 1 − t) · o_rows + o, g · channels + c] = weights[t · c_rows + c, g · outputs + o]
 *
 * for channel c and output o of group g; zero in what pads rows and columns. A thread writes four
 * neighbours.
 */
export function transposeWeightsShader() {
  return {
    name: 'transpose-weights',
    bindings: { weights: ['read', 'f32'], out: ['read_write', 'vec4<f32>'] },
    uniforms: {
      taps: 'u32',
      /** Channels and outputs of a group, and the rows that they take of a tap. */
      channels: 'u32',
      c_rows: 'u32',
      outputs: 'u32',
      o_rows: 'u32',
      /** All channels; numbers of a row of `weights`, vectors of a row of `out`. */
      columns: 'u32',
      stride: 'u32',
      out_step: 'u32',
    },
    workgroupSize: [THREADS, 1],
    body: `
fn kernel(workgroup: u32, local: u32) {
  let at = workgroup * ${THREADS}u + local;
  let row = at / params.out_step;
  if (row >= params.taps * params.o_rows) { return; }
  let column = 4u * (at % params.out_step);
  let tap = params.taps - 1u - row / params.o_rows;
  let o = row % params.o_rows;
  out[at] = vec4<f32>(
${unroll(4, (j) => `    weight(tap, o, column + ${j}u),`)}
  );
}
fn weight(tap: u32, o: u32, column: u32) -> f32 {
  let group = column / params.channels;
  let row = tap * params.c_rows + column % params.channels;
  if (o >= params.outputs || column >= params.columns) { return 0.0; }
  return weights[row * params.stride + group * params.outputs + o];
}
`,
  } as const;
}
