import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { MatmulOptions } from './matmul-options.js';
import { tilePlace } from './matmul-place.js';
import { loadFour, loadOne } from './storage.js';
import { unroll, unrolledSteps } from './unroll.js';

/** Rows and columns of `out` that a workgroup may compute, the largest first. */
export const TILED_TILES = [
  [128, 128],
  [64, 64],
  [32, 32],
] as const;

/** Threads across and down: each computes 8 × 8 sums, of the smallest tile 4 × 4. */
export function tiledThreads([rows, columns]: readonly [number, number]) {
  const side = rows === 32 ? 4 : 8;
  return [columns / side, rows / side] as const;
}

/**
 * Depth of the blocks of A and B in workgroup memory, so that two blocks of each fit 16 KiB. Products
 * of small tiles have few workgroups: there a turn takes as long as memory takes to answer, and deep
 * blocks make few turns.
 */
const tileDepth = (tileRows: number) => 1024 / tileRows;

/**
 * The body of the variant `tiled`. Blocks of A and B lie in workgroup memory as vectors of four
 * rows or columns, twice: while one pair is multiplied, the next is on its way from memory to
 * registers, and one barrier a block is enough.
 */
export function tiledBody(options: MatmulOptions): string {
  const { tile, transposeA, storage } = options;
  const [tileRows, tileColumns] = tile;
  const [threadsX, threadsY] = tiledThreads(tile);
  const threads = threadsX * threadsY;
  const depth = tileDepth(tileRows);
  const [vectorsA, vectorsB] = [tileRows / 4, tileColumns / 4];
  const [loadsA, loadsB] = [(vectorsA * depth) / threads, (vectorsB * depth) / threads];
  const [rows, columns] = [vectorsA / threadsY, vectorsB / threadsX];
  // Neighbouring threads read neighbouring words, whichever way the matrix is stored.
  const place = (e: string, vectors: number, depthFirst: boolean) =>
    depthFirst
      ? { outer: `(${e}) / ${depth}u`, inner: `(${e}) % ${depth}u` }
      : { outer: `(${e}) % ${vectors}u`, inner: `(${e}) / ${vectors}u` };
  const placeA = (load: number) => place(`local + ${load * threads}u`, vectorsA, !transposeA);
  const placeB = (load: number) => place(`local + ${load * threads}u`, vectorsB, false);
  const fetch = unroll(loadsA, (load) => {
    const { outer, inner } = placeA(load);
    return `    next_a${load} = a_vector(top + 4u * (${outer}), depth + ${inner}, end);`;
  }).concat(
    '\n',
    unroll(loadsB, (load) => {
      const { outer, inner } = placeB(load);
      return `    next_b${load} = b_vector(depth + ${inner}, left + 4u * (${outer}), end);`;
    }),
  );
  const stage = unroll(loadsA, (load) => {
    const { outer, inner } = placeA(load);
    return `      a_block[(at + ${inner}) * ${vectorsA}u + ${outer}] = next_a${load};`;
  }).concat(
    '\n',
    unroll(loadsB, (load) => {
      const { outer, inner } = placeB(load);
      return `      b_block[(at + ${inner}) * ${vectorsB}u + ${outer}] = next_b${load};`;
    }),
  );
  const components = ['x', 'y', 'z', 'w'] as const;
  return wgsl`
var<workgroup> a_block: array<vec4<f32>, ${2 * depth * vectorsA}>;
var<workgroup> b_block: array<vec4<f32>, ${2 * depth * vectorsB}>;

// Rows and columns past the edge are never stored; positions past the end of the slice are zero.
fn a_vector(i: u32, p: u32, end: u32) -> vec4<f32> {
  let at = min(p, end - 1u);
#if ${transposeA}
  let index = (stored_row(at) * params.a_stride + min(i, params.a_stride - 4u)) >> 2u;
  let value = ${loadFour(storage.a, 'a', 'index')};
#else
  let last = params.m - 1u;
  let value = vec4<f32>(
    a_at(min(i, last), at),
    a_at(min(i + 1u, last), at),
    a_at(min(i + 2u, last), at),
    a_at(min(i + 3u, last), at),
  );
#endif
  return select(vec4<f32>(), value, p < end);
}
#if ${!transposeA}
fn a_at(i: u32, p: u32) -> f32 { return ${loadOne(storage.a, 'a', 'stored_row(i) * params.a_stride + p')}; }
#endif
fn b_vector(p: u32, j: u32, end: u32) -> vec4<f32> {
  let index = (min(p, end - 1u) * params.b_stride + min(j, params.b_stride - 4u)) >> 2u;
  let value = ${loadFour(storage.b, 'b', 'index')};
  return select(vec4<f32>(), value, p < end);
}

fn kernel(workgroup: u32, local: u32) {
${tilePlace(tile, options.symmetric)}
  let x = local % ${threadsX}u;
  let y = local / ${threadsX}u;
${unroll(4 * rows, (i) => unroll(columns, (j) => `  var sum${i}_${j} = vec4<f32>();`))}
${unroll(loadsA, (load) => `  var next_a${load} = vec4<f32>();`)}
${unroll(loadsB, (load) => `  var next_b${load} = vec4<f32>();`)}
  // Turn t brings block t and multiplies block t − 1.
  let blocks = (end - begin + ${depth - 1}u) / ${depth}u;
  for (var turn = 0u; turn <= blocks; turn++) {
    if (turn < blocks) {
      let depth = begin + turn * ${depth}u;
${fetch}
    }
    if (turn > 0u) {
${unrolledSteps(
  'p',
  depth,
  `        let at = ((turn - 1u) % 2u) * ${depth}u + p;
        let a_row = at * ${vectorsA}u + y;
        let b_row = at * ${vectorsB}u + x;
${unroll(columns, (j) => `        let b${j} = b_block[b_row + ${j * threadsX}u];`)}
${unroll(rows, (v) => {
  const load = `        let a${v} = a_block[a_row + ${v * threadsY}u];`;
  const products = components.map((component, c) =>
    unroll(columns, (j) => `        sum${4 * v + c}_${j} += a${v}.${component} * b${j};`),
  );
  return [load, ...products].join('\n');
})}`,
)}
    }
    if (turn < blocks) {
      let at = (turn % 2u) * ${depth}u;
${stage}
    }
    // The next turn overwrites the pair of blocks that was last read before this barrier.
    workgroupBarrier();
  }
  // A loop over rows that move up to the first: it compiles in an eighth of the time.
  for (var r = 0u; r < ${4 * rows}u; r++) {
    let i = top + 4u * (y + (r / 4u) * ${threadsY}u) + r % 4u;
    if (i < params.m) {
${unroll(columns, (j) => `      store(slice, i, left + 4u * (x + ${j * threadsX}u), sum0_${j});`)}
    }
${unroll(4 * rows - 1, (r) => unroll(columns, (j) => `    sum${r}_${j} = sum${r + 1}_${j};`))}
  }
}
`;
}
