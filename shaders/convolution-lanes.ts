import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { ConvolutionOptions } from './convolution-options.js';
import { QUAD } from './quad.js';
import { unroll } from './unroll.js';

/** Threads of a workgroup, each with a segment of neighbouring positions of its own. */
export const LANES = 16;

const EACH = [0, 1, 2, 3] as const;
const component = (index: number) => 'xyzw'[index];

/**
 * The body of the variants `subgroup` and `lanes`: a segment of one line's positions in each
 * thread's registers.
 *
 * A turn of the loop takes one row of taps and four channels. A load costs a software adapter as
 * much as a hundred multiply-adds, so the columns that neighbouring positions' windows share are
 * loaded once: P positions of a 3 × 3 window in steps of one take P + 2 loads and not 3 P. Lane i
 * of a quad loads the weights of its own four outputs and its own segment's positions, and swaps
 * the latter: its sums (e, d) are of position e of lane i ^ d's segment. A sum lies in memory
 * between turns, so it takes all of a turn's products at once.
 */
export function lanesBody({ variant, tile, taps, step }: ConvolutionOptions): string {
  const [positions, outputs] = tile;
  const swaps = QUAD.slice(0, outputs / 4);
  const shared = swaps.length;
  const loads = (positions - 1) * step + taps;
  const lane = variant === 'subgroup' ? `(lane & ${shared - 1}u)` : '0u';
  const sums = (e: number, d: number) => EACH.map((j) => `c${e}_${d}_${j}`).join(', ');
  const each = (text: (e: number, d: number) => string) =>
    unroll(positions, (e) => unroll(shared, (d) => text(e, d)));
  return wgsl`
fn kernel(workgroup: u32, local: u32${variant === 'subgroup' ? ', lane: u32' : ''}) {
  // In variables, since a software adapter reads a uniform anew wherever it stands.
  let width = params.width;
  let height = params.height;
  let c_step = params.c_step;
  let o_step = params.o_step;
  let columns = params.columns;
  let blocks = (o_step + ${shared - 1}u) / ${shared}u;
  let across = (columns + ${positions - 1}u) / ${positions}u;
  let segments = params.lines * across;
  let first_own = (workgroup / blocks) * ${LANES}u;
  if (first_own >= segments) { return; }
  let own = first_own + local;
  // Segments and outputs past the end repeat the last ones: that spares tests in the loop.
  let segment = min(own, segments - 1u);
  let line = segment / across;
  let image = line / params.rows;
  let u = line % params.rows;
  let v = (segment % across) * ${positions}u;
  let own_column = (workgroup % blocks) * ${shared}u + ${lane};
  let column = min(own_column, o_step - 1u);

  let left = v * ${step}u - params.left;
${unroll(loads, (p) => `  let at${p} = min(left + ${p}u, width - 1u) * c_step;`)}
  // A mask of all bits or none clears what lies outside of the map. It costs less than a select.
${unroll(loads, (p) => `  let inside${p} = select(0u, 0xffffffffu, left + ${p}u < width);`)}
  let tap_step = params.weight_step * o_step;
${unroll(taps, (k) => `  let weight${k} = column + ${k}u * tap_step;`)}
${each((e, d) => unroll(4, (j) => `  var c${e}_${d}_${j} = 0.0;`))}
  let line_step = width * c_step;
  let first = image * height;
  let top = u * params.stride_y - params.top;
  let four_rows = 4u * o_step;
  let next_tap = params.weight_line * o_step - c_step * four_rows;
  let turns = params.taps_y * c_step;
  // One loop over rows of taps and channels: every sum is copied at the start of each loop.
  var iy = top;
  var c = 0u;
  var x_at = (first + min(iy, height - 1u)) * line_step;
  var row_inside = select(0u, 0xffffffffu, iy < height);
  var weight_at = params.weight_first * o_step;
  for (var turn = 0u; turn < turns; turn++) {
${unroll(
  loads,
  (p) =>
    `    let x${p} = bitcast<vec4<f32>>(bitcast<vec4<u32>>(x[x_at + at${p}]) & vec4<u32>(inside${p} & row_inside));`,
)}
${unroll(taps, (k) =>
  unroll(4, (s) => `    let w${k}_${s} = weights[weight_at + ${s}u * o_step + weight${k}];`),
)}
${each((e, d) => {
  const inputs = unroll(taps, (k) => `    let x${e}_${d}_${k} = ${swaps[d]}(x${e * step + k});`);
  const products = EACH.map((j) =>
    unroll(taps, (k) =>
      EACH.map(
        (s) =>
          `    c${e}_${d}_${j} = fma(x${e}_${d}_${k}.${component(s)}, w${k}_${s}.${component(j)}, c${e}_${d}_${j});`,
      ).join('\n'),
    ),
  );
  return [inputs, ...products].join('\n');
})}
    c++;
    let row_done = c == c_step;
    c = select(c, 0u, row_done);
    iy += select(0u, 1u, row_done);
    x_at = select(x_at + 1u, (first + min(iy, height - 1u)) * line_step, row_done);
    row_inside = select(row_inside, select(0u, 0xffffffffu, iy < height), row_done);
    weight_at += four_rows + select(0u, next_tap, row_done);
  }
  let out_step = params.out_step;
  let row = params.out_first + image * params.out_image + u * params.out_line + v * out_step;
${unroll(shared, (d) => `  let row${d} = ${swaps[d]}(row);`)}
  // Positions of each segment that are to be stored.
  let live = select(0u, min(columns - v, ${positions}u), own < segments);
${unroll(shared, (d) => `  let live${d} = select(0u, ${swaps[d]}(live), own_column < o_step);`)}
  // Each line of the epilogue takes long to compile, and unrolled it would be there once a position: so
  // sums go into an array first, which a loop then walks.
  var held: array<array<vec4<f32>, ${shared}>, ${positions}>;
${each((e, d) => `  held[${e}][${d}] = vec4<f32>(${sums(e, d)});`)}
  for (var e = 0u; e < ${positions}u; e++) {
${unroll(shared, (d) => `    if (e < live${d}) { store(row${d} + e * out_step, column, held[e][${d}]); }`)}
  }
}
`;
}
