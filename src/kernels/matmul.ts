import {
  type Epilogue,
  LANES,
  MATMUL_TILES,
  type MatmulVariant,
  matmulShader,
} from '../../shaders/matmul.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
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
  /** Rows and columns of a workgroup, one of `MATMUL_TILES[variant]`. */
  readonly tile?: Tile | undefined;
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

type Tile = readonly [rows: number, columns: number];

/** Fewer workgroups than this leave a GPU idle, so smaller tiles are taken. */
const ENOUGH_WORKGROUPS = 128;
/** Multiply-adds that a software adapter does in the time of a load: measured on SwiftShader. */
const LOAD_COST = 32;

/**
 * Prepares out = epilogue(alpha · op(A) op(B)), with op the identity or the transpose, and returns
 * the function that encodes it.
 *
 * A [m × k], B [k × n], out [m × n] float32, row-major. 2 m n k operations; the least that must
 * move is 4 (m k + k n + m n) bytes.
 *
 * @throws bad-config for a variant that the adapter cannot run; shader when it does not compile.
 */
export async function prepareMatmul(
  device: Device,
  matmul: Matmul,
): Promise<(batch: Batch, call?: MatmulCall) => void> {
  const { a, b, out, rows, states, velocity } = matmul;
  const epilogue = matmul.epilogue ?? { kind: 'store' };
  const variant = matmul.variant ?? defaultVariant(device);
  requireVariant(device, variant);
  requireSameLayout(out, states);
  requireSameLayout(out, velocity);
  const tile = matmul.tile ?? chooseTile(variant, out.rows, out.columns);
  const shader = matmulShader({
    transposeA: matmul.transposeA ?? false,
    transposeB: matmul.transposeB ?? false,
    gather: rows !== undefined,
    symmetric: matmul.symmetric ?? false,
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
  return (batch, call = {}) => {
    const m = call.m ?? out.rows;
    const k = call.k ?? (matmul.transposeB ? b.columns : b.rows);
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
      (matmul.symmetric ? 1 : 2) * m * n * k,
    );
  };
}

/**
 * The tile that should take least time for [m × n]. On hardware, the largest that gives enough
 * workgroups. On a software adapter, the least sum of products and loads on two cores.
 */
function chooseTile(variant: MatmulVariant, m: number, n: number): Tile {
  const tiles: readonly Tile[] = MATMUL_TILES[variant];
  const workgroups = ([rows, columns]: Tile) => Math.ceil(m / rows) * Math.ceil(n / columns);
  if (variant === 'tiled') {
    const smallest = tiles[tiles.length - 1] as Tile;
    return tiles.find((tile) => workgroups(tile) >= ENOUGH_WORKGROUPS) ?? smallest;
  }
  const cost = (tile: Tile) => {
    const rowsALoad = variant === 'subgroup' ? 4 : 1;
    const [rows, columns] = [tile[0], tile[1] / LANES];
    const loads = columns + rows / rowsALoad;
    return Math.ceil(workgroups(tile) / 2) * (rows * columns + LOAD_COST * loads);
  };
  return [...tiles].sort((one, other) => cost(one) - cost(other))[0] as Tile;
}

function requireSameLayout(out: Matrix, other: Matrix | undefined): void {
  if (!other || (other.stride === out.stride && other.rows === out.rows)) return;
  throw new RangeError(
    `${other.buffer.label} must be laid out as ${out.buffer.label}: [${out.rows} × ${out.columns}].`,
  );
}
