import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type {
  WeightGradientOptions,
  WeightGradientTile,
} from './convolution-weight-gradient-options.js';
import { unroll, unrolledSteps } from './unroll.js';

/** Rows of the gradient and outputs that a workgroup may compute, the largest first. */
export const WEIGHT_GRADIENT_TILED_TILES = [
  [128, 128],
  [64, 64],
  [64, 32],
  [32, 32],
] as const;

/** Rows and outputs of a thread. */
function threadTile([rows, outputs]: WeightGradientTile) {
  return rows === 32 ? ([4, 4] as const) : ([8, Math.min(8, outputs / 8)] as const);
}

/** Threads across the outputs and down the rows. */
export function weightGradientThreads(tile: WeightGradientTile) {
  const [rows, outputs] = threadTile(tile);
  return [tile[1] / outputs, tile[0] / rows] as const;
}

/**
 * Positions of the blocks in workgroup memory: two blocks of each fit 16 KiB, and a small tile's few
 * workgroups wait for memory fewer times.
 */
const blockPositions = (rows: number) => 1024 / rows;

/**
 * The body of the variant `tiled`. Blocks of inputs and gradients lie in workgroup memory twice:
 * while one pair is multiplied, the next is on its way from memory to registers, and one barrier a
 * block is enough.
 */
export function tiledBody({ tile }: WeightGradientOptions): string {
  const [across, down] = weightGradientThreads(tile);
  const threads = across * down;
  const positions = blockPositions(tile[0]);
  const [vectorsX, vectorsY] = [tile[0] / 4, tile[1] / 4];
  const [ownX, ownY] = [vectorsX / down, vectorsY / across];
  const [loadsX, loadsY] = [(vectorsX * positions) / threads, (vectorsY * positions) / threads];
  const place = (load: number) => `(local + ${load * threads}u)`;
  return wgsl`
var<workgroup> x_block: array<vec4<f32>, ${2 * positions * vectorsX}>;
var<workgroup> y_block: array<vec4<f32>, ${2 * positions * vectorsY}>;

// Four channels of one tap, tap and channel in origin, as output position p sees them.
fn x_vector(origin: vec3<u32>, p: u32, end: u32) -> vec4<f32> {
  let line = p / params.columns;
  let iy = line % params.rows * params.stride_y + origin.x - params.top;
  let ix = p % params.columns * params.stride_x + origin.y - params.left;
  let row = line / params.rows * params.height + min(iy, params.height - 1u);
  let at = (row * params.width + min(ix, params.width - 1u)) * params.c_step + origin.z;
  return select(vec4<f32>(), x[at], p < end && iy < params.height && ix < params.width);
}

fn kernel(workgroup: u32, local: u32) {
  let vectors = params.taps_y * params.taps_x * params.c_step;
  let tiles_across = (params.o_step + ${vectorsY - 1}u) / ${vectorsY}u;
  let tiles_down = (vectors + ${vectorsX - 1}u) / ${vectorsX}u;
  let slice = workgroup / (tiles_across * tiles_down);
  if (slice >= params.slices) { return; }
  let top = workgroup / tiles_across % tiles_down * ${vectorsX}u;
  let left = workgroup % tiles_across * ${vectorsY}u;
  let across = local % ${across}u;
  let down = local / ${across}u;
  let count = params.lines * params.columns;
  let depth = (count + params.slices - 1u) / params.slices;
  let begin = min(slice * depth, count);
  let end = min(begin + depth, count);
  // Rows and outputs past the end repeat the last ones, and are never stored.
${unroll(loadsX, (load) => {
  return `  let vector${load} = min(top + ${place(load)} % ${vectorsX}u, vectors - 1u);
  let tap${load} = vector${load} / params.c_step;
  let origin${load} = vec3<u32>(tap${load} / params.taps_x, tap${load} % params.taps_x, vector${load} % params.c_step);`;
})}
${unroll(4 * ownX, (r) => unroll(ownY, (j) => `  var sum${r}_${j} = vec4<f32>();`))}
${unroll(loadsX, (load) => `  var next_x${load} = vec4<f32>();`)}
${unroll(loadsY, (load) => `  var next_y${load} = vec4<f32>();`)}
  // Turn t brings block t and multiplies block t − 1. Positions past the end are zero in x.
  let blocks = (end - begin + ${positions - 1}u) / ${positions}u;
  for (var turn = 0u; turn <= blocks; turn++) {
    if (turn < blocks) {
      let position = begin + turn * ${positions}u;
${unroll(loadsX, (load) => `      next_x${load} = x_vector(origin${load}, position + ${place(load)} / ${vectorsX}u, end);`)}
${unroll(loadsY, (load) => `      next_y${load} = gradient[min(position + ${place(load)} / ${vectorsY}u, end - 1u) * params.o_step + min(left + ${place(load)} % ${vectorsY}u, params.o_step - 1u)];`)}
    }
    if (turn > 0u) {
      let buffer = (turn - 1u) % 2u * ${positions}u;
${unrolledSteps(
  'p',
  positions,
  `        let x_at = (buffer + p) * ${vectorsX}u + down;
        let y_at = (buffer + p) * ${vectorsY}u + across;
${unroll(ownY, (j) => `        let y${j} = y_block[y_at + ${j * across}u];`)}
${unroll(ownX, (i) => {
  const load = `        let x${i} = x_block[x_at + ${i * down}u];`;
  const products = unroll(4, (c) =>
    unroll(ownY, (j) => `        sum${4 * i + c}_${j} += x${i}.${'xyzw'[c]} * y${j};`),
  );
  return `${load}\n${products}`;
})}`,
)}
    }
    if (turn < blocks) {
      let buffer = turn % 2u;
${unroll(loadsX, (load) => `      x_block[buffer * ${positions * vectorsX}u + ${place(load)}] = next_x${load};`)}
${unroll(loadsY, (load) => `      y_block[buffer * ${positions * vectorsY}u + ${place(load)}] = next_y${load};`)}
    }
    // The next turn overwrites the pair of blocks that was last read before this barrier.
    workgroupBarrier();
  }
  // A loop over sums that move up to the first: it compiles in an eighth of the time.
  for (var r = 0u; r < ${4 * ownX}u; r++) {
    let vector = top + down + r / 4u * ${down}u;
    let row = (slice * vectors + vector) * 4u + r % 4u;
    let counts = vector % params.c_step * 4u + r % 4u < params.group_channels;
${unroll(ownY, (j) => `    if (vector < vectors && left + across + ${j * across}u < params.o_step) { out[row * params.o_step + left + across + ${j * across}u] = select(vec4<f32>(), sum0_${j}, counts); }`)}
${unroll(4 * ownX - 1, (r) => unroll(ownY, (j) => `    sum${r}_${j} = sum${r + 1}_${j};`))}
  }
}
`;
}
