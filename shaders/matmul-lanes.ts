import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { MatmulOptions } from './matmul-options.js';
import { tilePlace } from './matmul-place.js';
import { QUAD } from './quad.js';
import { loadFour } from './storage.js';
import { unroll } from './unroll.js';

/** Threads of a workgroup, side by side along the columns. */
export const LANES = 16;
/**
 * Positions along k that a turn of the loop takes: as many as a load of four brings. A slice of k
 * begins at a multiple of them.
 */
export const POSITIONS = 4;

/**
 * The body of the variants `subgroup` and `lanes`: a tall tile in each thread's registers.
 *
 * What a software adapter's compiler makes of it decides its form. A load is some eighty
 * instructions, fewer for each number of a vector. Each sum is copied through a mask at each turn
 * of the loop, so that a turn takes four positions. Spreading a number by broadcast is twenty
 * instructions, swapping it within the quad is one: so lane i loads row i, and a thread's sum d of
 * a column is of row i ^ d. And more than the instruction cache holds is lost again: larger tiles
 * and longer turns are slower.
 */
export function lanesBody(options: MatmulOptions): string {
  const { tile, transposeA, gather, variant, storage } = options;
  const loadA = (at: string) => loadFour(storage.a, 'a', at);
  const loadB = (at: string) => loadFour(storage.b, 'b', at);
  const [rows, tileColumns] = tile;
  const columns = tileColumns / LANES;
  const quad: readonly string[] = variant === 'subgroup' ? QUAD : [''];
  /** Elements of A that a thread loads of each position. */
  const own = rows / quad.length;
  const vectorsA = transposeA ? own / 4 : own;
  /** Each lane reads the index of one position's row. */
  const shared = gather && variant === 'subgroup';

  /** The row of the tile that the e-th element of a lane is of. */
  const rowOfTile = (e: string, lane: string) => {
    if (variant === 'lanes') return e;
    // No division: it is four on a software adapter, one after the other.
    return transposeA
      ? `16u * ((${e}) >> 2u) + 4u * (${lane}) + ((${e}) & 3u)`
      : `4u * (${e}) + (${lane})`;
  };
  /** The first column of the tile that a thread's v-th four sums are of. */
  const firstColumn = (v: number) => `left + 4u * (local + ${v * LANES}u)`;

  const elementA = (s: number, e: number) =>
    transposeA ? `a${s}_${Math.floor(e / 4)}.${'xyzw'[e % 4]}` : `a${e}.${'xyzw'[s]}`;
  const elementB = (s: number, j: number) => `b${s}_${Math.floor(j / 4)}.${'xyzw'[j % 4]}`;
  const rowOfSum = variant === 'lanes' ? 'r' : rowOfTile('(r >> 2u)', '(lane ^ (r & 3u))');
  const sums = (r: number, v: number) => [0, 1, 2, 3].map((c) => `c${r}_${4 * v + c}`).join(', ');

  return wgsl`
fn kernel(workgroup: u32, local: u32${variant === 'subgroup' ? ', lane: u32' : ''}) {
${tilePlace(tile, options.symmetric)}
  let a_step = params.a_stride / 4u;
  let b_step = params.b_stride / 4u;
  // Rows and columns past the edge repeat the last one: a clamp here spares a test in the loop.
${unroll(vectorsA, (v) =>
  transposeA
    ? `  let row${v} = min((top + ${rowOfTile(`${4 * v}u`, 'lane')}) / 4u, a_step - 1u);`
    : `  let row${v} = stored_row(min(top + ${rowOfTile(`${v}u`, 'lane')}, params.m - 1u)) * a_step;`,
)}
${unroll(columns / 4, (v) => `  let column${v} = min((${firstColumn(v)}) / 4u, b_step - 1u);`)}
${unroll(rows, (i) => unroll(columns, (j) => `  var c${i}_${j} = 0.0;`))}
  for (var at = begin; at < end; at += ${POSITIONS}u) {
    // Past the end, elements of A are zero and rows of B repeat the last one.
${unroll(POSITIONS, (s) => `    let p${s} = min(at + ${s}u, end - 1u);`)}
#if ${transposeA}
    ${shared ? 'let own_row = stored_row(min(at + lane, end - 1u));' : ''}
${unroll(POSITIONS, (s) => {
  const load = (v: number) =>
    `    let a${s}_${v} = select(vec4<f32>(), ${loadA(`row${v} + a_at${s}`)}, at + ${s}u < end);`;
  return `    let a_at${s} = ${shared ? `quadBroadcast(own_row, ${s}u)` : `stored_row(p${s})`} * a_step;\n${unroll(vectorsA, load)}`;
})}
#else
    let live = vec4<u32>(at, at + 1u, at + 2u, at + 3u) < vec4<u32>(end);
${unroll(own, (v) => `    let a${v} = select(vec4<f32>(), ${loadA(`row${v} + (at >> 2u)`)}, live);`)}
#endif
${unroll(POSITIONS, (s) =>
  unroll(columns / 4, (v) => `    let b${s}_${v} = ${loadB(`column${v} + p${s} * b_step`)};`),
)}
${unroll(rows, (i) => {
  const [e, d] = [Math.floor(i / quad.length), i % quad.length];
  return unroll(POSITIONS, (s) => `    let x${i}_${s} = ${quad[d]}(${elementA(s, e)});`);
})}
    // A sum takes all of a turn's products at once, since it lies in memory in between.
${unroll(columns, (j) =>
  unroll(rows, (i) =>
    unroll(POSITIONS, (s) => `    c${i}_${j} = fma(${elementB(s, j)}, x${i}_${s}, c${i}_${j});`),
  ),
)}
  }
  // Each line of the epilogue takes long to compile, and unrolled it would be there once a row: so sums
  // go into an array first, which a loop then walks.
  var held: array<array<vec4<f32>, ${columns / 4}>, ${rows}>;
${unroll(rows, (r) => unroll(columns / 4, (v) => `  held[${r}][${v}] = vec4<f32>(${sums(r, v)});`))}
  for (var r = 0u; r < ${rows}u; r++) {
    let row = top + ${rowOfSum};
${unroll(columns / 4, (v) => `    store(slice, row, ${firstColumn(v)}, held[r][${v}]);`)}
  }
}
`;
}
