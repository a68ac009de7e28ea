import { unroll } from './unroll.js';

export const THREADS = 64;

/**
 * The body for convolutions in groups, 1 < groups < channels, on every adapter: a thread computes
 * four neighbouring outputs of a position. A group's channels may begin anywhere in a row and four
 * outputs may be of several groups, so channels are read one by one.
 */
export function groupedBody(): string {
  return `
fn kernel(workgroup: u32, local: u32) {
  let at = workgroup * ${THREADS}u + local;
  let column = at % params.o_step;
  let position = at / params.o_step;
  let line = position / params.columns;
  if (line >= params.lines) { return; }
  let v = position % params.columns;
  let u = line % params.rows;
  let image = line / params.rows;
  let channels = params.group_channels;
  // Outputs that pad a row read the last group: their weights are zero.
  let last = 4u * params.c_step - channels;
${unroll(4, (j) => `  let first${j} = min((4u * column + ${j}u) / params.group_outputs * channels, last);`)}
  var sum = vec4<f32>();
  for (var ky = 0u; ky < params.taps_y; ky++) {
    let iy = u * params.stride_y + ky - params.top;
    for (var kx = 0u; kx < params.taps_x; kx++) {
      let ix = v * params.stride_x + kx - params.left;
      if (iy >= params.height || ix >= params.width) { continue; }
      let row = ((image * params.height + iy) * params.width + ix) * 4u * params.c_step;
      let tap = params.weight_first + ky * params.weight_line + kx * params.weight_step;
      for (var c = 0u; c < channels; c++) {
        let inputs = vec4<f32>(${[0, 1, 2, 3].map((j) => `x[row + first${j} + c]`).join(', ')});
        sum = fma(inputs, weights[(tap + c) * params.o_step + column], sum);
      }
    }
  }
  let row = params.out_first + image * params.out_image + u * params.out_line + v * params.out_step;
  store(row, column, sum);
}
`;
}
