import {
  type Epilogue,
  LANES,
  type MatmulTile,
  type MatmulVariant,
  matmulShader,
  matmulTiles,
} from '../../shaders/matmul.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { fastestForm, sizeClass } from '../gpu/tuning.js';
import { defaultVariant, requireVariant } from './variant.js';

export type { Epilogue, MatmulVariant } from '../../shaders/matmul.wgsl.js';

export interface Matmul {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly out: Matrix;
  /** Indices of A's stored rows; without it they are taken in order. */
  readonly rows?: GpuBuffer | undefined;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly epilogue?: Epilogue;
  /** A and B make a symmetric `out`, as in AᵀA: half the work is spared. */
  readonly symmetric?: boolean;
  /** σ(x) of the derivative epilogue, shaped and strided as `out`. */
  readonly states?: Matrix;
  /** Accumulated steps of the momentum epilogue, shaped and strided as `out`. */
  readonly velocity?: Matrix;
  readonly variant?: MatmulVariant | undefined;
  /** One of `matmulTiles(variant, transposeA)`. */
  readonly tile?: MatmulTile | undefined;
}

export interface MatmulCall {
  /** Rows of op(A) and `out` to compute; all of `out` by default. */
  readonly m?: number;
  /** Length of the inner dimension; all of op(B)'s rows by default. */
  readonly k?: number;
  /** First entry of `rows`, or first stored row of A. */
  readonly first?: number;
  readonly alpha?: number;
  readonly decay?: number;
  readonly rate?: number;
}

/** Fewer workgroups than this leave a GPU idle, so smaller tiles are taken. */
const ENOUGH_WORKGROUPS = 128;
/** Tiles worth timing: on a software adapter a shader takes longer to compile than to run. */
const LIKELY_TILES = { tiled: 3, subgroup: 2, lanes: 2 } as const;
/** Multiply-adds that a software adapter does in the time of a load: measured on SwiftShader. */
const LOAD_COST = 12;

/** Rows and depth of the product that is timed to choose a tile: more would tell no more. */
const TIMED = 1024;

/**
 * Prepares out = epilogue(alpha · op(A) op(B)), with op the identity or the transpose, and returns
 * the function that encodes it.
 *
 * A [m × k], B [k × n], out [m × n], row-major; arithmetic in float32. 2 m n k operations; the least
 * that must move is 4 (m k + k n + m n) bytes, half of it for a matrix in float16. `out` may be that
 * with the epilogues `store` and `activation`: numbers are rounded to 11 significant bits, and those
 * beyond 65504 become NaN. Sums run along k in order, whatever the tile.
 *
 * @throws bad-config for a variant that the adapter cannot run; shader when it does not compile.
 */
export async function prepareMatmul(
  device: Device,
  matmul: Matmul,
): Promise<(batch: Batch, call?: MatmulCall) => void> {
  const variant = matmul.variant ?? defaultVariant(device);
  requireVariant(device, variant);
  requireSameLayout(matmul.out, matmul.states);
  requireSameLayout(matmul.out, matmul.velocity);
  const tile = matmul.tile ?? (await fastestTile(device, matmul, variant));
  return bind(device, matmul, variant, tile);
}

async function bind(device: Device, matmul: Matmul, variant: MatmulVariant, tile: MatmulTile) {
  const { a, b, out, rows, states, velocity, transposeB = false, symmetric = false } = matmul;
  const epilogue = matmul.epilogue ?? { kind: 'store' };
  const storage = { a: a.storage, b: b.storage, out: out.storage };
  requireStorable(out, epilogue, symmetric);
  const shader = matmulShader({
    storage,
    transposeA: matmul.transposeA ?? false,
    transposeB,
    gather: rows !== undefined,
    symmetric,
    epilogue,
    variant,
    tile,
  });
  const kernel = await prepareKernel(device, shader, {
    a: a.buffer,
    b: b.buffer,
    out: out.buffer,
    ...(rows && { rows }),
    ...(states && { states: states.buffer }),
    ...(velocity && { velocity: velocity.buffer }),
  });
  const n = out.columns;
  const across = Math.ceil(n / tile[1]);
  return (batch: Batch, call: MatmulCall = {}) => {
    const m = call.m ?? out.rows;
    const k = call.k ?? (transposeB ? b.columns : b.rows);
    batch.dispatch(
      kernel,
      {
        m,
        n,
        k,
        a_stride: a.stride,
        b_stride: b.stride,
        out_stride: out.stride,
        first: call.first ?? 0,
        alpha: call.alpha ?? 1,
        decay: call.decay ?? 0,
        rate: call.rate ?? 0,
      },
      Math.ceil(m / tile[0]) * across,
      (symmetric ? 1 : 2) * m * n * k,
    );
  };
}

async function fastestTile(
  device: Device,
  matmul: Matmul,
  variant: MatmulVariant,
): Promise<MatmulTile> {
  const { out, b, transposeA = false, transposeB = false, rows, symmetric = false } = matmul;
  const n = out.columns;
  const m = Math.min(out.rows, TIMED);
  const k = Math.min(transposeB ? b.columns : b.rows, TIMED);
  const forms = likelyTiles(
    matmulTiles(variant, transposeA),
    variant,
    sizeClass(m),
    sizeClass(n),
  ).map((tile) => ({
    name: tile.join('x'),
    tile,
  }));
  const [first, ...others] = forms;
  if (!first) throw new RangeError(`matmul has no tiles for the variant ${variant}.`);
  // Its timing would take a second matrix of the size of the first.
  if (symmetric) return first.tile;
  const halves = [matmul.a.storage === 'f16' && 'A16', b.storage === 'f16' && 'B16'];
  const traits = [variant, transposeA && 'AT', transposeB && 'BT', rows && 'gather', ...halves];
  const key = `matmul ${traits.filter(Boolean).join(' ')} ${[m, n, k].map(sizeClass).join('x')}`;
  using scope = new Scope(device);
  let scratch: Matrix | undefined;
  const { tile } = await fastestForm(
    device,
    key,
    [first, ...others],
    2 * m * n * k,
    async (form) => {
      scratch ??= scope.matrix('tuned product', m, n);
      const { a } = matmul;
      const product = { a, b, out: scratch, rows, transposeA, transposeB };
      const run = await bind(device, product, variant, form.tile);
      return (batch) => run(batch, { m, k });
    },
  );
  return tile;
}

/**
 * Tiles that may be best for [m × n], the likeliest first. On hardware that is the largest that
 * gives enough workgroups; on a software adapter, the least sum of products and loads on two cores.
 */
function likelyTiles(
  tiles: readonly MatmulTile[],
  variant: MatmulVariant,
  m: number,
  n: number,
): readonly MatmulTile[] {
  const workgroups = ([rows, columns]: MatmulTile) => Math.ceil(m / rows) * Math.ceil(n / columns);
  const cost = (tile: MatmulTile) => {
    // Too few workgroups for a GPU come last, and the smaller the tile the better they are.
    if (variant === 'tiled') {
      return workgroups(tile) >= ENOUGH_WORKGROUPS ? 1 / tile[0] : tile[0];
    }
    const rowsALoad = variant === 'subgroup' ? 4 : 1;
    const [rows, columns] = [tile[0], tile[1] / LANES];
    const loads = columns + rows / rowsALoad;
    return Math.ceil(workgroups(tile) / 2) * (rows * columns + LOAD_COST * loads);
  };
  const sorted = [...tiles].sort((one, other) => cost(one) - cost(other));
  return sorted.slice(0, LIKELY_TILES[variant]);
}

function requireStorable(out: Matrix, { kind }: Epilogue, symmetric: boolean): void {
  if (out.storage === 'f32' || ((kind === 'store' || kind === 'activation') && !symmetric)) return;
  throw new RangeError(`${out.buffer.label} in float16 cannot be updated in place or by halves.`);
}

function requireSameLayout(out: Matrix, other: Matrix | undefined): void {
  if (!other || (other.stride === out.stride && other.rows === out.rows)) return;
  throw new RangeError(
    `${other.buffer.label} must be laid out as ${out.buffer.label}: [${out.rows} × ${out.columns}].`,
  );
}
