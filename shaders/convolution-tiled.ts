import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { ConvolutionOptions, ConvolutionTile } from './convolution-options.js';
import { unroll, unrolledSteps } from './unroll.js';

/** Positions and outputs that a workgroup may compute, the largest first. */
export const CONVOLUTION_TILED_TILES = [
  [128, 128],
  [64, 64],
  [64, 32],
  [32, 32],
] as const;

/** Positions and outputs of a thread. */
function threadTile([positions, outputs]: ConvolutionTile) {
  return positions === 32 ? ([4, 4] as const) : ([8, Math.min(8, outputs / 8)] as const);
}

/** Threads across the outputs and down the positions. */
export function convolutionTiledThreads(tile: ConvolutionTile) {
  const [positions, outputs] = threadTile(tile);
  return [tile[1] / outputs, tile[0] / positions] as const;
}

/**
 * Channels of the blocks in workgroup memory, in vectors of four: two blocks of each fit 16 KiB, and a
 * small tile's few workgroups wait for memory fewer times.
 */
const blockDepth = (positions: number) => 256 / positions;

/**
 * The body of the variant `tiled`. Blocks of inputs and weights lie in workgroup memory twice:
 * while one pair is multiplied, the next is on its way from memory to registers, and one barrier a
 * block is enough. Inputs lie there as they come, four channels a vector, a position's vectors side
 * by side, so that neighbouring threads read neighbouring memory and nothing is transposed.
 */
export function tiledBody({ tile }: ConvolutionOptions): string {
  const [positions, outputs] = tile;
  const [across, down] = convolutionTiledThreads(tile);
  const threads = across * down;
  const depth = blockDepth(positions);
  const vectors = outputs / 4;
  const [ownPositions, ownVectors] = [positions / down, vectors / across];
  const loadsX = (positions * depth) / threads;
  const loadsW = (4 * depth * vectors) / threads;
  const place = (load: number) => `local + ${load * threads}u`;
  return wgsl`
var<workgroup> x_block: array<vec4<f32>, ${2 * positions * depth}>;
var<workgroup> w_block: array<vec4<f32>, ${8 * depth * vectors}>;

struct Position { image: u32, u: u32, v: u32 }

fn position(index: u32) -> Position {
  let line = index / params.columns;
  return Position(line / params.rows, line % params.rows, index % params.columns);
}

// The four channels that vector q of a position's taps and channels holds, from its first tap on.
fn x_vector(first: vec3<u32>, q: u32) -> vec4<f32> {
  let tap = q / params.c_step;
  let iy = first.y + tap / params.taps_x;
  let ix = first.z + tap % params.taps_x;
  let row = first.x + min(iy, params.height - 1u);
  let at = (row * params.width + min(ix, params.width - 1u)) * params.c_step + q % params.c_step;
  let inside = iy < params.height && ix < params.width && tap / params.taps_x < params.taps_y;
  return select(vec4<f32>(), x[at], inside);
}

// Four outputs' weights of channel k of all taps and channels. Past the end inputs are zero, and
// weights repeat the last ones.
fn w_vector(k: u32, column: u32) -> vec4<f32> {
  let q = min(k / 4u, params.taps_y * params.taps_x * params.c_step - 1u);
  let tap = q / params.c_step;
  let row = params.weight_first + tap / params.taps_x * params.weight_line
    + tap % params.taps_x * params.weight_step + q % params.c_step * 4u + k % 4u;
  return weights[row * params.o_step + min(column, params.o_step - 1u)];
}

fn kernel(workgroup: u32, local: u32) {
  let tiles_across = (params.o_step + ${vectors - 1}u) / ${vectors}u;
  let count = params.lines * params.columns;
  let top = workgroup / tiles_across * ${positions}u;
  let left = workgroup % tiles_across * ${vectors}u;
  if (top >= count) { return; }
  let across = local % ${across}u;
  let down = local / ${across}u;
  // Positions past the end repeat the last one, and are never stored.
${unroll(loadsX, (load) => {
  const at = `position(min(top + (${place(load)}) / ${depth}u, count - 1u))`;
  return `  let at${load} = ${at};
  let first${load} = vec3<u32>(at${load}.image * params.height, at${load}.u * params.stride_y - params.top, at${load}.v * params.stride_x - params.left);`;
})}
${unroll(ownPositions, (r) => unroll(ownVectors, (j) => `  var sum${r}_${j} = vec4<f32>();`))}
${unroll(loadsX, (load) => `  var next_x${load} = vec4<f32>();`)}
${unroll(loadsW, (load) => `  var next_w${load} = vec4<f32>();`)}
  // Turn t brings block t and multiplies block t − 1.
  let blocks = (params.taps_y * params.taps_x * params.c_step + ${depth - 1}u) / ${depth}u;
  for (var turn = 0u; turn <= blocks; turn++) {
    if (turn < blocks) {
      let begin = turn * ${depth}u;
${unroll(loadsX, (load) => `      next_x${load} = x_vector(first${load}, begin + (${place(load)}) % ${depth}u);`)}
${unroll(loadsW, (load) => `      next_w${load} = w_vector(4u * begin + (${place(load)}) / ${vectors}u, left + (${place(load)}) % ${vectors}u);`)}
    }
    if (turn > 0u) {
      let buffer = (turn - 1u) % 2u;
${unrolledSteps(
  'q',
  depth,
  `        let x_at = (buffer * ${positions}u + down) * ${depth}u + q;
        let w_at = (buffer * ${depth}u + q) * ${4 * vectors}u + across;
${unroll(ownPositions, (r) => `        let x${r} = x_block[x_at + ${r * down * depth}u];`)}
${unroll(4, (s) =>
  unroll(ownVectors, (j) => {
    const load = `        let w${s}_${j} = w_block[w_at + ${s * vectors + j * across}u];`;
    const products = unroll(
      ownPositions,
      (r) => `        sum${r}_${j} += x${r}.${'xyzw'[s]} * w${s}_${j};`,
    );
    return `${load}\n${products}`;
  }),
)}`,
)}
    }
    if (turn < blocks) {
      let buffer = turn % 2u;
${unroll(loadsX, (load) => `      x_block[buffer * ${positions * depth}u + ${place(load)}] = next_x${load};`)}
${unroll(loadsW, (load) => `      w_block[buffer * ${4 * depth * vectors}u + ${place(load)}] = next_w${load};`)}
    }
    // The next turn overwrites the pair of blocks that was last read before this barrier.
    workgroupBarrier();
  }
  // A loop over sums that move up to the first: it compiles in an eighth of the time.
  for (var r = 0u; r < ${ownPositions}u; r++) {
    let index = top + down + r * ${down}u;
    if (index < count) {
      let at = position(index);
      let row = params.out_first + at.image * params.out_image + at.u * params.out_line
        + at.v * params.out_step;
${unroll(ownVectors, (j) => `      if (left + across + ${j * across}u < params.o_step) { store(row, left + across + ${j * across}u, sum0_${j}); }`)}
    }
${unroll(ownPositions - 1, (r) => unroll(ownVectors, (j) => `    sum${r}_${j} = sum${r + 1}_${j};`))}
  }
}
`;
}
