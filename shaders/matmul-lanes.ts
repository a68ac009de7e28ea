import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { MatmulOptions } from './matmul-options.js';
import { unroll } from './unroll.js';

/** Threads of a workgroup, side by side along the columns. */
export const LANES = 16;
/** Lanes of the subgroup over which `subgroup` spreads the rows that it loads. */
const SUBGROUP = 4;

/** The body of the variants `subgroup` and `lanes`: a tall tile in each thread's registers. */
export function lanesBody(options: MatmulOptions): string {
  const { tile, transposeA, transposeB, variant } = options;
  const [rows, tileColumns] = tile;
  const columns = tileColumns / LANES;
  /** The column of `out` that a thread's j-th sum is of. */
  const columnOf = (j: number) =>
    `tile_left + 4u * (local + ${Math.floor(j / 4) * LANES}u) + ${j % 4}u`;
  // Four neighbouring columns cost a software adapter less than four that are read alone.
  const loadB = (v: number) =>
    transposeB
      ? `let b${v} = vec4<f32>(${[0, 1, 2, 3].map((c) => `b[column${4 * v + c} + b_at]`).join(', ')});`
      : `let b${v} = b[column${v} + b_at];`;
  const broadcast = variant === 'subgroup';
  const loads = broadcast ? rows / SUBGROUP : rows;
  const rowOf = (load: number) => (broadcast ? `${load * SUBGROUP}u + lane` : `${load}u`);
  // One position along k: a load for each column, a load for each (broadcast) row, all products.
  const products = (x: string, row: number) =>
    unroll(
      columns,
      (j) => `c${row}_${j} = fma(${x}, b${Math.floor(j / 4)}.${'xyzw'[j % 4]}, c${row}_${j});`,
    );
  const position = wgsl`
    {
#if ${transposeA}
    let a_at = stored_row(p) * a_step;
#else
    let a_at = p;
#endif
    let b_at = p * b_step;
${unroll(columns / 4, loadB)}
${unroll(loads, (load) => {
  const value = `let x${load} = a[i${load} + a_at];`;
  if (!broadcast) return `${value}\n${products(`x${load}`, load)}`;
  const spread = unroll(SUBGROUP, (l) => {
    const x = `x${load}_${l}`;
    return `let ${x} = subgroupBroadcast(x${load}, ${l}u);\n${products(x, load * SUBGROUP + l)}`;
  });
  return `${value}\n${spread}`;
})}
    }`;
  return wgsl`
fn kernel(workgroup: u32, local: u32${broadcast ? ', lane: u32' : ''}) {
  let across = (params.n + ${tileColumns - 1}u) / ${tileColumns}u;
  let top = (workgroup / across) * ${rows}u;
  let tile_left = (workgroup % across) * ${tileColumns}u;
  if (top >= params.m${options.symmetric ? ` || tile_left + ${tileColumns}u <= top` : ''}) { return; }
  // In variables, since a software adapter reads a uniform anew wherever it stands.
  let a_step = params.a_stride;
  let b_step = ${transposeB ? '1u' : 'params.b_stride / 4u'};
  // Rows and columns past the edge repeat the last one: a clamp here spares a test in the loop.
${
  transposeB
    ? unroll(
        columns,
        (j) => `  let column${j} = min(${columnOf(j)}, params.n - 1u) * params.b_stride;`,
      )
    : unroll(columns / 4, (v) => {
        const vector = `tile_left / 4u + local + ${v * LANES}u`;
        return `  let column${v} = min(${vector}, b_step - 1u);`;
      })
}
${unroll(loads, (load) => {
  const row = `min(top + ${rowOf(load)}, params.m - 1u)`;
  return `  let i${load} = ${transposeA ? row : `stored_row(${row}) * a_step`};`;
})}
${unroll(rows, (i) => unroll(columns, (j) => `  var c${i}_${j} = 0.0;`))}
  // Two positions a turn: enough to pay for the loop, small enough for the instruction cache.
  for (var at = 0u; at + 1u < params.k; at += 2u) {
    { let p = at; ${position} }
    { let p = at + 1u; ${position} }
  }
  if (params.k % 2u == 1u) { let p = params.k - 1u; ${position} }
  // A loop over rows that move up to the first: unrolled stores would take longer to compile than
  // to run, and an array indexed by the loop's counter costs as much as memory on each access.
  let last = min(${rows}u, params.m - top);
  for (var i = 0u; i < last; i++) {
${unroll(columns, (j) => `    store(top + i, ${columnOf(j)}, c0_${j});`)}
${unroll(rows - 1, (i) => unroll(columns, (j) => `    c${i}_${j} = c${i + 1}_${j};`))}
  }
}
`;
}
