import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ACTIVATE, type Activation, DERIVATIVE } from './activations.js';
import { unroll } from './unroll.js';

/** What becomes of alpha · A B before it is stored in `out`. */
export type Epilogue =
  | { readonly kind: 'store' }
  /** out = σ(alpha · A B) */
  | { readonly kind: 'activation'; readonly activation: Activation }
  /** out = (alpha · A B) ∘ σ′, with σ′ computed from `states` = σ(x) */
  | { readonly kind: 'derivative'; readonly activation: Activation }
  /** velocity = decay · velocity + alpha · A B;  out = out − rate · velocity */
  | { readonly kind: 'momentum' }
  /** out = out − rate · alpha · A B */
  | { readonly kind: 'descent' };

/**
 * `tiled` stages blocks of A and B in workgroup memory and suits hardware. On a software adapter
 * barriers and workgroup memory cost more than they save and a load costs as much as a dozen
 * multiply-adds; there `subgroup` keeps a tall tile in registers, one column a lane, and spreads
 * each load of A over four rows by broadcast. `lanes` is the same without subgroups.
 */
export type MatmulVariant = 'tiled' | 'subgroup' | 'lanes';

export interface MatmulOptions {
  /** A is stored [k × m] instead of [m × k]. */
  readonly transposeA: boolean;
  /** B is stored [n × k] instead of [k × n]. */
  readonly transposeB: boolean;
  /** Stored row r of A is row rows[first + r] of the buffer instead of row first + r. */
  readonly gather: boolean;
  readonly epilogue: Epilogue;
  readonly variant: MatmulVariant;
  /** `out` is symmetric: tiles below the diagonal are left out and filled from those above. */
  readonly symmetric: boolean;
  /** Rows and columns of `out` that a workgroup computes. */
  readonly tile: readonly [number, number];
}

/** Depth of the blocks of A and B that `tiled` stages: 16 fills a 64-byte line of a row. */
const DEPTH = 16;
/** Threads of a workgroup: `tiled` as 8 × 8, the others side by side. */
const TILED_THREADS = [8, 8] as const;
const LANES = 16;
/** Lanes of the subgroup over which `subgroup` spreads the rows that it loads. */
const SUBGROUP = 4;

/** The tiles that each variant can be generated for; every row count divides by 8. */
export const MATMUL_TILES = {
  tiled: [
    [64, 64],
    [32, 32],
  ],
  subgroup: [
    [16, 8 * LANES],
    [8, 8 * LANES],
  ],
  lanes: [[8, 4 * LANES]],
} as const satisfies Record<MatmulVariant, readonly (readonly [number, number])[]>;

/** out [m × n] = epilogue(alpha · op(A) op(B)), all row-major with strides in words. */
export function matmulShader(options: MatmulOptions) {
  const { epilogue, gather } = options;
  const bindings = {
    a: ['read', 'f32'],
    b: ['read', 'f32'],
    out: ['read_write', 'f32'],
    ...(gather && ({ rows: ['read', 'u32'] } as const)),
    ...(epilogue.kind === 'derivative' && ({ states: ['read', 'f32'] } as const)),
    ...(epilogue.kind === 'momentum' && ({ velocity: ['read_write', 'f32'] } as const)),
  } as const;
  const uniforms = {
    m: 'u32',
    n: 'u32',
    k: 'u32',
    a_stride: 'u32',
    b_stride: 'u32',
    out_stride: 'u32',
    first: 'u32',
    alpha: 'f32',
    decay: 'f32',
    rate: 'f32',
  } as const;
  const tiled = options.variant === 'tiled';
  return {
    name: 'matmul',
    bindings,
    uniforms,
    workgroupSize: tiled ? TILED_THREADS : ([LANES, 1] as const),
    enable: options.variant === 'subgroup' ? ['subgroups'] : [],
    body: accessors(options) + (tiled ? tiledBody(options) : lanesBody(options)),
  } as const;
}

/** Index arithmetic and the epilogue, the same for every variant. */
function accessors(options: MatmulOptions): string {
  const { transposeA, transposeB, gather, epilogue, symmetric } = options;
  const activation = 'activation' in epilogue ? epilogue.activation : 'tanh';
  return wgsl`
fn stored_row(r: u32) -> u32 {
#if ${gather}
  return rows[params.first + r];
#else
  return params.first + r;
#endif
}
fn b_index(p: u32, j: u32) -> u32 {
#if ${transposeB}
  return j * params.b_stride + p;
#else
  return p * params.b_stride + j;
#endif
}
#if ${epilogue.kind === 'activation'}
${ACTIVATE[activation]}
#elif ${epilogue.kind === 'derivative'}
${DERIVATIVE[activation]}
#endif
fn put(i: u32, j: u32, sum: f32) {
  let at = i * params.out_stride + j;
  let value = params.alpha * sum;
#if ${epilogue.kind === 'activation'}
  out[at] = activate(value);
#elif ${epilogue.kind === 'derivative'}
  out[at] = value * derivative(states[at]);
#elif ${epilogue.kind === 'momentum'}
  let step = params.decay * velocity[at] + value;
  velocity[at] = step;
  out[at] -= params.rate * step;
#elif ${epilogue.kind === 'descent'}
  out[at] -= params.rate * value;
#else
  out[at] = value;
#endif
}
fn store(i: u32, j: u32, sum: f32) {
  if (i >= params.m || j >= params.n) { return; }
#if ${symmetric}
  if (i > j) { return; }
  if (i < j) { put(j, i, sum); }
#endif
  put(i, j, sum);
}
#if ${transposeA}
fn a_at(i: u32, p: u32) -> f32 { return a[stored_row(p) * params.a_stride + i]; }
#else
fn a_at(i: u32, p: u32) -> f32 { return a[stored_row(i) * params.a_stride + p]; }
#endif
`;
}

function tiledBody(options: MatmulOptions): string {
  const { tile, transposeA, transposeB } = options;
  const [tileRows, tileColumns] = tile;
  const [threadsX, threadsY] = TILED_THREADS;
  const threads = threadsX * threadsY;
  const [rows, columns] = [tileRows / threadsY, tileColumns / threadsX];
  // Neighbouring threads read neighbouring words, whichever way the matrix is stored.
  const place = (extent: number, depthFirst: boolean) =>
    depthFirst
      ? { outer: `e / ${DEPTH}u`, depth: `e % ${DEPTH}u` }
      : { outer: `e % ${extent}u`, depth: `e / ${extent}u` };
  const forA = place(tileRows, !transposeA);
  const forB = place(tileColumns, transposeB);
  return wgsl`
// Padded by one word, so that a column of the block does not fall on a single bank.
var<workgroup> a_block: array<f32, ${DEPTH * (tileRows + 1)}>;
var<workgroup> b_block: array<f32, ${DEPTH * (tileColumns + 1)}>;

fn kernel(workgroup: u32, local: u32) {
  let across = (params.n + ${tileColumns - 1}u) / ${tileColumns}u;
  let top = (workgroup / across) * ${tileRows}u;
  let left = (workgroup % across) * ${tileColumns}u;
  if (top >= params.m${options.symmetric ? ` || left + ${tileColumns}u <= top` : ''}) { return; }
  let y = local / ${threadsX}u;
  let x = local % ${threadsX}u;
  var sums: array<f32, ${rows * columns}>;
  for (var depth = 0u; depth < params.k; depth += ${DEPTH}u) {
    for (var e = local; e < ${DEPTH * tileRows}u; e += ${threads}u) {
      let i = ${forA.outer};
      let p = ${forA.depth};
      var value = 0.0;
      if (top + i < params.m && depth + p < params.k) { value = a_at(top + i, depth + p); }
      a_block[p * ${tileRows + 1}u + i] = value;
    }
    for (var e = local; e < ${DEPTH * tileColumns}u; e += ${threads}u) {
      let j = ${forB.outer};
      let p = ${forB.depth};
      var value = 0.0;
      if (left + j < params.n && depth + p < params.k) { value = b[b_index(depth + p, left + j)]; }
      b_block[p * ${tileColumns + 1}u + j] = value;
    }
    workgroupBarrier();
    for (var p = 0u; p < ${DEPTH}u; p++) {
${unroll(columns, (j) => `      let b${j} = b_block[p * ${tileColumns + 1}u + x + ${j * threadsX}u];`)}
${unroll(rows, (i) => {
  const products = unroll(columns, (j) => `      sums[${i * columns + j}] += a${i} * b${j};`);
  return `      let a${i} = a_block[p * ${tileRows + 1}u + y + ${i * threadsY}u];\n${products}`;
})}
    }
    workgroupBarrier();
  }
${unroll(rows * columns, (e) => {
  const i = Math.floor(e / columns) * threadsY;
  const j = (e % columns) * threadsX;
  return `  store(top + y + ${i}u, left + x + ${j}u, sums[${e}]);`;
})}
}
`;
}

function lanesBody(options: MatmulOptions): string {
  const { tile, transposeA, variant } = options;
  const [rows, tileColumns] = tile;
  const columns = tileColumns / LANES;
  const broadcast = variant === 'subgroup';
  const loads = broadcast ? rows / SUBGROUP : rows;
  const rowOf = (load: number) => (broadcast ? `${load * SUBGROUP}u + lane` : `${load}u`);
  // One position along k: a load for each column, a load for each (broadcast) row, all products.
  const products = (x: string, row: number) =>
    unroll(columns, (j) => `c${row}_${j} += ${x} * b${j};`);
  const position = wgsl`
    {
#if ${transposeA}
    let a_row = stored_row(p) * params.a_stride;
#endif
${unroll(columns, (j) => `let b${j} = b[b_index(p, column${j})];`)}
${unroll(loads, (load) => {
  const value = `let x${load} = a[${transposeA ? `a_row + i${load}` : `i${load} + p`}];`;
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
  let left = tile_left + local;
  if (top >= params.m${options.symmetric ? ` || tile_left + ${tileColumns}u <= top` : ''}) { return; }
  // Rows and columns past the edge repeat the last one: a clamp here spares a test in the loop.
${unroll(columns, (j) => `  let column${j} = min(left + ${j * LANES}u, params.n - 1u);`)}
${unroll(loads, (load) => {
  const row = `min(top + ${rowOf(load)}, params.m - 1u)`;
  return `  let i${load} = ${transposeA ? row : `stored_row(${row}) * params.a_stride`};`;
})}
${unroll(rows, (i) => unroll(columns, (j) => `  var c${i}_${j} = 0.0;`))}
  // Two positions a turn: enough to pay for the loop, small enough for the instruction cache.
  for (var at = 0u; at + 1u < params.k; at += 2u) {
    { let p = at; ${position} }
    { let p = at + 1u; ${position} }
  }
  if (params.k % 2u == 1u) { let p = params.k - 1u; ${position} }
  // Stored in a loop over an array: unrolled stores would take longer to compile than to run.
  var sums: array<f32, ${rows * columns}>;
${unroll(rows, (i) => unroll(columns, (j) => `  sums[${i * columns + j}] = c${i}_${j};`))}
  for (var i = 0u; i < ${rows}u; i++) {
    for (var j = 0u; j < ${columns}u; j++) {
      store(top + i, left + j * ${LANES}u, sums[i * ${columns}u + j]);
    }
  }
}
`;
}
