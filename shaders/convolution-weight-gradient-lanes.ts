import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { WeightGradientOptions } from './convolution-weight-gradient-options.js';
import { QUAD } from './quad.js';
import { unroll } from './unroll.js';

/** Threads of a workgroup: one quad, so that all of it is in the same place of the loop. */
export const QUAD_LANES = 4;

const EACH = [0, 1, 2, 3] as const;
const component = (index: number) => 'xyzw'[index];

/**
 * The body of the variants `subgroup` and `lanes`: in each thread's registers the gradient of one
 * row of taps, for four channels and four outputs of each lane that it swaps with.
 *
 * A turn of the loop takes neighbouring positions of a line, whose windows share columns of the
 * input: P positions of a 3 × 3 window in steps of one take P + 2 loads of it. Lane i of a quad
 * loads its own four channels and its own four outputs, and swaps the latter: its sums (k, i, d, j)
 * are of tap k, its own channel i and output j of lane i ^ d. A sum lies in memory between turns,
 * so it takes all of a turn's products at once.
 */
export function lanesBody({ variant, tile, taps, step }: WeightGradientOptions): string {
  const [positions, channels] = tile;
  const swaps = QUAD.slice(0, channels / 4);
  const shared = swaps.length;
  const loads = (positions - 1) * step + taps;
  const lane = variant === 'subgroup' ? 'lane' : 'local';
  const sum = (k: number, i: number, d: number, j: number) => `c${k}_${i}_${d}_${j}`;
  return wgsl`
fn kernel(workgroup: u32, local: u32${variant === 'subgroup' ? ', lane: u32' : ''}) {
  // In variables, since a software adapter reads a uniform anew wherever it stands.
  let width = params.width;
  let height = params.height;
  let rows = params.rows;
  let columns = params.columns;
  let c_step = params.c_step;
  let o_step = params.o_step;
  let c_blocks = (c_step + ${shared - 1}u) / ${shared}u;
  let o_blocks = (o_step + 3u) / 4u;
  let ky = workgroup / (o_blocks * c_blocks) % params.taps_y;
  let slice = workgroup / (o_blocks * c_blocks * params.taps_y);
  if (slice >= params.slices) { return; }
  // Channels and outputs past the end repeat the last ones, and are not stored.
  let own_channel = workgroup / o_blocks % c_blocks * ${shared}u + (${lane} & ${shared - 1}u);
  let own_output = workgroup % o_blocks * 4u + ${lane};
  let channel = min(own_channel, c_step - 1u);
  let output = min(own_output, o_step - 1u);

  let across = (columns + ${positions - 1}u) / ${positions}u;
  let turns = params.lines * across;
  let depth = (turns + params.slices - 1u) / params.slices;
  let begin = min(slice * depth, turns);
  let end = min(begin + depth, turns);
  let stride_y = params.stride_y;
  let before = ky - params.top;
  let left = params.left;
  var line = begin / across;
  var v = begin % across * ${positions}u;
  var u = line % rows;
  var first = line / rows * height;
${unroll(taps, (k) => unroll(4, (i) => unroll(shared, (d) => unroll(4, (j) => `  var ${sum(k, i, d, j)} = 0.0;`))))}
  for (var turn = begin; turn < end; turn++) {
    let iy = u * stride_y + before;
    let row = (first + min(iy, height - 1u)) * width;
    let row_inside = select(0u, 0xffffffffu, iy < height);
    let ix = v * ${step}u - left;
    let y_at = line * columns;
${unroll(loads, (p) => `    let x${p} = masked(x[(row + min(ix + ${p}u, width - 1u)) * c_step + channel], select(0u, row_inside, ix + ${p}u < width));`)}
${unroll(positions, (t) => `    let y${t} = masked(gradient[(y_at + min(v + ${t}u, columns - 1u)) * o_step + output], select(0u, 0xffffffffu, v + ${t}u < columns));`)}
${unroll(shared, (d) =>
  [
    unroll(positions, (t) => `    let y${t}_${d} = ${swaps[d]}(y${t});`),
    unroll(4, (j) =>
      unroll(taps, (k) =>
        unroll(4, (i) =>
          unroll(
            positions,
            (t) =>
              `    ${sum(k, i, d, j)} = fma(y${t}_${d}.${component(j)}, x${t * step + k}.${component(i)}, ${sum(k, i, d, j)});`,
          ),
        ),
      ),
    ),
  ].join('\n'),
)}
    v += ${positions}u;
    let line_done = v >= columns;
    v = select(v, 0u, line_done);
    line += select(0u, 1u, line_done);
    u += select(0u, 1u, line_done);
    let image_done = u == rows;
    u = select(u, 0u, image_done);
    first += select(0u, height, image_done);
  }
  let tap_row = (slice * params.taps_y + ky) * ${taps}u;
  let live = own_channel < c_step;
  let channels = params.group_channels;
${unroll(shared, (d) => `  let output${d} = ${swaps[d]}(own_output);`)}
  // Unrolled, stores would take longer to compile than to run: sums go into an array, which a loop walks.
  var held: array<array<array<vec4<f32>, ${shared}>, 4>, ${taps}>;
${unroll(taps, (k) => unroll(4, (i) => unroll(shared, (d) => `  held[${k}][${i}][${d}] = vec4<f32>(${EACH.map((j) => sum(k, i, d, j)).join(', ')});`)))}
  for (var k = 0u; k < ${taps}u; k++) {
    for (var i = 0u; i < 4u; i++) {
      let row = (((tap_row + k) * c_step + channel) * 4u + i) * o_step;
      let fits = 4u * channel + i < channels;
${unroll(shared, (d) => `      if (live && output${d} < o_step) { out[row + output${d}] = select(vec4<f32>(), held[k][i][${d}], fits); }`)}
    }
  }
}
// A mask of all bits or none clears what lies outside of a map. It costs less than a select.
fn masked(value: vec4<f32>, mask: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(value) & vec4<u32>(mask));
}
`;
}
