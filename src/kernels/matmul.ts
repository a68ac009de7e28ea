import {
  type Epilogue,
  LANES,
  type MatmulTile,
  type MatmulVariant,
  matmulShader,
  matmulTiles,
  POSITIONS,
} from '../../shaders/matmul.wgsl.js';
import { TILED_TILES } from '../../shaders/matmul-tiled.js';
import type { AdapterDescription } from '../gpu/adapter.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { autotune, sizeClass, timedSize } from '../gpu/tuning.js';
import { matmulVariant, requireVariant } from './variant.js';

export type { Epilogue, MatmulVariant } from '../../shaders/matmul.wgsl.js';

export interface Matmul {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly out: Matrix;
  /** Indices of A's stored rows; without it they are taken in order. */
  readonly indices?: GpuBuffer | undefined;
  readonly transposeA?: boolean;
  readonly epilogue?: Epilogue;
  /** A and B make a symmetric `out`, as in AᵀA: half the work is spared. */
  readonly symmetric?: boolean;
  /** Accumulated steps of the momentum epilogue, shaped and strided as `out`. */
  readonly velocity?: Matrix;
  /**
   * Parts of k that are summed apart, 1 by default: `out` [slices · m × n] then holds one sum below
   * the other, for a later kernel to add up. Only for the epilogue `store`, and not `symmetric`.
   */
  readonly slices?: number;
  readonly variant?: MatmulVariant | undefined;
  /** One of `matmulTiles(variant, transposeA)`. */
  readonly tile?: MatmulTile | undefined;
}

export interface MatmulCall {
  /** Rows of op(A) and of each slice of `out` to compute; all of `out` by default. */
  readonly m?: number;
  /** Length of the inner dimension, all slices together; all of op(B)'s rows by default. */
  readonly k?: number;
  /** First entry of `indices`, or first stored row of A. */
  readonly first?: number;
  /** Factor on the product, 1 by default. */
  readonly alpha?: number;
  /** μ of the epilogue `momentum`, what is kept of the velocity; 0 by default. */
  readonly decay?: number;
  /** η of the epilogues `momentum` and `descent`, what is taken of the step; 0 by default. */
  readonly rate?: number;
}

/** With fewer workgroups than this a GPU is partly idle, so smaller tiles are taken. */
const ENOUGH_WORKGROUPS = 128;
/**
 * With so many workgroups, the last turn of a GPU, which is partly empty, is a small share of its
 * turns.
 */
const BALANCED_WORKGROUPS = 4 * ENOUGH_WORKGROUPS;
/** The fewest positions of a slice. Fewer are done before a second dispatch has begun. */
const LEAST_DEPTH = 512;
/** Share of the bytes of A and B that partial sums may add: tiles read those several times each. */
const PARTIAL_SHARE = 1 / 2;
/** Tiles worth timing: on a software adapter a shader takes longer to compile than to run. */
const LIKELY_TILES = { tiled: 3, subgroup: 2, lanes: 2 } as const;
/** Multiply-adds that a software adapter does while it loads one number of four: measured on SwiftShader. */
const LOAD_COST = 12;
/**
 * Multiply-adds that it does while it compiles one sum of a thread, about 3.5 ms, as a share of each
 * of a hundred calls. A large tile of a small product would never earn what it took to compile.
 */
const COMPILE_COST = 7000;
/** Operations of a call below which a software adapter times nothing: compiling two tiles takes longer. */
const WORTH_TIMING = 1e7;

/** Rows and depth of the product that is timed to choose a tile: more would tell no more. */
const TIMED = 1024;

/**
 * Prepares out = epilogue(alpha · op(A) op(B)), with op the identity or the transpose, and returns
 * the function that encodes it.
 *
 * A [m × k], B [k × n], out [m × n], row-major; arithmetic in float32. 2 m n k operations; the
 * least that must move is 4 (m k + k n + m n) bytes, half of it for a matrix in float16. `out` may
 * be that with the epilogues `store` and `activation`: numbers are rounded to 11 significant bits,
 * and those from 65520 on become NaN. Sums run along k in order, whatever the tile.
 *
 * In slices, each slice takes the next 4 ⌈k / 4 slices⌉ positions, and the last ones what is left.
 * A slice without positions is zero. Of the bytes, m n then counts once a slice.
 *
 * @throws bad-config for a variant that the adapter cannot run; shader when it does not compile.
 */
export async function prepareMatmul(
  device: Device,
  matmul: Matmul,
): Promise<(commands: Commands, call?: MatmulCall) => void> {
  const variant = matmul.variant ?? matmulVariant(device);
  requireVariant(device, variant);
  requireSameLayout(matmul.out, matmul.velocity);
  requireSliceable(matmul);
  const tile = matmul.tile ?? (await fastestTile(device, matmul, variant));
  return bind(device, matmul, variant, tile);
}

/**
 * Slices in which op(A) op(B), [m × k] and [k × n], is best summed when a later kernel adds them
 * up. The largest tiles load the least for each product, but may be too few for a GPU. Then there
 * are as many slices as keep it busy, as long as the bytes of their partial sums, 8 s m n written
 * and read again, are few beside the 4 k (m + n) of A and B. That is never more than 640 tiles, 42
 * MB. A software adapter's few cores are busy with one slice.
 *
 * The number is never measured. Another one sums in another order and gives other bits, and only
 * shape and adapter may decide those.
 */
export function matmulSlices(
  { kind }: Pick<AdapterDescription, 'kind'>,
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
): number {
  const tiles = tileCount(TILED_TILES[0], m, n);
  if (kind === 'software' || tiles >= ENOUGH_WORKGROUPS) return 1;
  const wanted = Math.ceil(BALANCED_WORKGROUPS / tiles);
  const affordable = Math.floor((PARTIAL_SHARE * k * (m + n)) / (2 * m * n));
  return Math.max(1, Math.min(wanted, affordable, Math.floor(k / LEAST_DEPTH)));
}

async function bind(device: Device, matmul: Matmul, variant: MatmulVariant, tile: MatmulTile) {
  const { a, b, out, indices, velocity, slices = 1 } = matmul;
  const { symmetric = false } = matmul;
  const epilogue = matmul.epilogue ?? { kind: 'store' };
  const storage = { a: a.storage, b: b.storage, out: out.storage };
  requireStorable(out, epilogue, symmetric);
  const shader = matmulShader({
    storage,
    transposeA: matmul.transposeA ?? false,
    gather: indices !== undefined,
    symmetric,
    epilogue,
    variant,
    tile,
  });
  const kernel = await prepareKernel(device, shader, {
    a: a.buffer,
    b: b.buffer,
    out: out.buffer,
    ...(indices && { indices }),
    ...(velocity && { velocity: velocity.buffer }),
  });
  const n = out.columns;
  const across = Math.ceil(n / tile[1]);
  return (commands: Commands, call: MatmulCall = {}) => {
    const m = call.m ?? out.rows / slices;
    const k = call.k ?? b.rows;
    commands.dispatch(
      kernel,
      {
        m,
        n,
        k,
        slices,
        slice_depth: POSITIONS * Math.ceil(k / (POSITIONS * slices)),
        a_stride: a.stride,
        b_stride: b.stride,
        out_stride: out.stride,
        first: call.first ?? 0,
        alpha: call.alpha ?? 1,
        decay: call.decay ?? 0,
        rate: call.rate ?? 0,
      },
      slices * Math.ceil(m / tile[0]) * across,
      (symmetric ? 1 : 2) * m * n * k,
    );
  };
}

async function fastestTile(
  device: Device,
  matmul: Matmul,
  variant: MatmulVariant,
): Promise<MatmulTile> {
  const { out, b, transposeA = false, indices, symmetric = false } = matmul;
  const { slices = 1 } = matmul;
  const n = out.columns;
  const each = 2 * n * slices;
  const deepest = Math.min(b.rows / slices, TIMED);
  const m = timedSize(device, Math.min(out.rows / slices, TIMED), each * deepest);
  const k = Math.min(b.rows, slices * Math.ceil(timedSize(device, deepest, each * m)));
  const workgroups = (tile: MatmulTile) => slices * tileCount(tile, sizeClass(m), sizeClass(n));
  const operations = 2 * m * n * k;
  // What is timed may be a part of a larger product, for which more is worth compiling.
  const whole = 2 * (out.rows / slices) * n * b.rows;
  const isQuick = device.adapter.kind === 'software' && whole < WORTH_TIMING;
  const depth = (k * whole) / operations;
  const tiles = likelyTiles(variant, matmulTiles(variant, transposeA), { workgroups, depth });
  const [first, ...others] = tiles.map((tile) => ({ name: tile.join('x'), tile }));
  if (!first) throw new RangeError(`matmul has no tiles for the variant ${variant}.`);
  // Timing a symmetric one would take a second matrix of the size of the first.
  if (symmetric || isQuick) return first.tile;
  const traits = [
    variant,
    transposeA && 'AT',
    indices && 'gather',
    matmul.a.storage === 'f16' && 'A16',
    b.storage === 'f16' && 'B16',
    slices > 1 && `${sizeClass(slices)} slices`,
  ];
  const kernel = `matmul ${traits.filter(Boolean).join(' ')} ${[m, n, k].map(sizeClass).join('x')}`;
  using scope = new Scope(device);
  let scratch: Matrix | undefined;
  const { tile } = await autotune(device, {
    kernel,
    configurations: [first, ...others],
    operations,
    prepare: async (configuration) => {
      scratch ??= scope.matrix('tuned product', [slices * m, n]);
      const { a } = matmul;
      const product = { a, b, out: scratch, indices, transposeA, slices };
      const run = await bind(device, product, variant, configuration.tile);
      return (commands) => run(commands, { m, k });
    },
  });
  return tile;
}

/**
 * Tiles that may be best, the likeliest first, by the workgroups that each makes. On hardware that is
 * the largest that gives enough of them; on a software adapter, the least sum of products and loads
 * on two cores and of what it takes to compile.
 */
function likelyTiles(
  variant: MatmulVariant,
  tiles: readonly MatmulTile[],
  {
    workgroups,
    depth,
  }: {
    readonly workgroups: (tile: MatmulTile) => number;
    /** Positions of k that those workgroups take in all. */
    readonly depth: number;
  },
): readonly MatmulTile[] {
  const cost = (tile: MatmulTile) => {
    // Too few workgroups for a GPU come last, and the smaller the tile the better they are.
    if (variant === 'tiled') {
      return workgroups(tile) >= ENOUGH_WORKGROUPS ? 1 / tile[0] : tile[0];
    }
    const rowsALoad = variant === 'subgroup' ? 4 : 1;
    const [rows, columns] = [tile[0], tile[1] / LANES];
    const loads = columns + rows / rowsALoad;
    const sums = rows * columns;
    return (
      Math.ceil(workgroups(tile) / 2) * (sums + LOAD_COST * loads) + (COMPILE_COST * sums) / depth
    );
  };
  const sorted = [...tiles].sort((one, other) => cost(one) - cost(other));
  return sorted.slice(0, LIKELY_TILES[variant]);
}

function tileCount([rows, columns]: MatmulTile, m: number, n: number): number {
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}

function requireSliceable({ slices = 1, out, epilogue, symmetric }: Matmul): void {
  if (slices === 1) return;
  const whole = Number.isInteger(slices) && slices > 1 && out.rows % slices === 0;
  if (whole && (epilogue?.kind ?? 'store') === 'store' && !symmetric) return;
  throw new RangeError(
    `${out.buffer.label} [${out.rows} × ${out.columns}] cannot hold ${slices} slices: their number must divide its rows, without an epilogue or symmetry.`,
  );
}

function requireStorable(out: Matrix, { kind }: Epilogue, symmetric: boolean): void {
  if (out.storage === 'f32' || ((kind === 'store' || kind === 'activation') && !symmetric)) return;
  throw new RangeError(`${out.buffer.label} in float16 cannot be updated in place or by halves.`);
}
