import { unroll } from './unroll.js';

export const THREADS = 64;

/** The body for convolutions in groups: a thread has four neighbouring outputs of one row of `out`. */
export function groupedBody(): string {
  return `
fn kernel(workgroup: u32, local: u32) {
  let at = workgroup * ${THREADS}u + local;
  let column = at % params.o_step;
  let row = at / params.o_step;
  let slice_rows = params.taps_y * params.taps_x * params.tap_rows;
  let slice = row / slice_rows;
  if (slice >= params.slices) { return; }
  let tap = row % slice_rows / params.tap_rows;
  let channels = params.group_channels;
  // Rows that pad a tap repeat the last channel. Outputs that pad a row repeat the last group.
  let channel = min(row % params.tap_rows, channels - 1u);
  let last = 4u * params.c_step - channels;
${unroll(4, (j) => `  let channel${j} = channel + min((4u * column + ${j}u) / params.group_outputs * channels, last);`)}
  let depth = (params.lines + params.slices - 1u) / params.slices;
  var sum = vec4<f32>();
  for (var line = slice * depth; line < min((slice + 1u) * depth, params.lines); line++) {
    let iy = line % params.rows * params.stride_y + tap / params.taps_x - params.top;
    if (iy >= params.height) { continue; }
    let first = (line / params.rows * params.height + iy) * params.width;
    for (var v = 0u; v < params.columns; v++) {
      let ix = v * params.stride_x + tap % params.taps_x - params.left;
      if (ix >= params.width) { continue; }
      let first_channel = (first + ix) * 4u * params.c_step;
      let inputs = vec4<f32>(${[0, 1, 2, 3].map((j) => `x[first_channel + channel${j}]`).join(', ')});
      sum = fma(inputs, gradient[(line * params.columns + v) * params.o_step + column], sum);
    }
  }
  out[at] = select(vec4<f32>(), sum, row % params.tap_rows < channels);
}
`;
}
