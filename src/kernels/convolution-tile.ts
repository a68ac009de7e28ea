import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import { LANES } from '../../shaders/convolution-lanes.js';
import { CONVOLUTION_TILED_TILES } from '../../shaders/convolution-tiled.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';

/** The tiles that each variant can be generated for. */
export const CONVOLUTION_TILES = {
  tiled: CONVOLUTION_TILED_TILES,
  subgroup: [
    [16, 16],
    [8, 16],
    [16, 4],
    [8, 8],
    [4, 16],
  ],
  lanes: [
    [16, 4],
    [8, 4],
    [4, 4],
  ],
} as const satisfies Record<MatmulVariant, readonly ConvolutionTile[]>;

export interface TiledWork {
  /** Lines of positions, and how many positions each has. */
  readonly lines: number;
  readonly columns: number;
  readonly outputs: number;
  /** Columns of the window and its step along them. */
  readonly taps: number;
  readonly step: number;
}

/** Fewer workgroups than this leave a GPU idle, so smaller tiles are taken. */
const ENOUGH_WORKGROUPS = 128;
/**
 * Instructions that SwiftShader's compiler makes of a load of four numbers, of a multiply-add, of
 * carrying a sum through a turn of the loop and of storing four sums: counted in its code.
 */
const COST = { load: 424, product: 4, sum: 14, store: 450 } as const;
/** Multiply-adds of a turn of the loop: with more its code leaves the instruction cache. */
const MOST_PRODUCTS = 1600;

/**
 * The tile that should take least time. On hardware the largest that gives enough workgroups. On a
 * software adapter the least instructions on what is computed, past the edges too; a tile is never
 * timed there, since a shader takes longer to compile than to run.
 */
export function fittingTile(variant: MatmulVariant, work: TiledWork): ConvolutionTile {
  const cost = variant === 'tiled' ? costOnHardware : costOfLanes;
  const tiles: readonly ConvolutionTile[] = CONVOLUTION_TILES[variant];
  return tiles.reduce((best, tile) => (cost(tile, work) < cost(best, work) ? tile : best));
}

function costOnHardware(tile: ConvolutionTile, { lines, columns, outputs }: TiledWork): number {
  const computed = [Math.ceil((lines * columns) / tile[0]), Math.ceil(outputs / tile[1])] as const;
  const workgroups = computed[0] * computed[1];
  const size = tile[0] * tile[1];
  // Too few workgroups come last, and the smaller the tile the better they are.
  return workgroups >= ENOUGH_WORKGROUPS ? workgroups * size * (1 + 16 / tile[1]) : 1e18 + size;
}

function costOfLanes([positions, outputs]: ConvolutionTile, work: TiledWork): number {
  const { taps, step } = work;
  const loads = (positions - 1) * step + taps + 4 * taps;
  const sums = positions * outputs;
  const products = 4 * taps * sums;
  const turn = COST.load * loads + COST.product * products + COST.sum * sums;
  const segments = work.lines * Math.ceil(work.columns / positions);
  const lanes = Math.ceil(segments / LANES) * LANES * Math.ceil(work.outputs / outputs);
  return lanes * (turn + (COST.store * sums) / 4) * (products > MOST_PRODUCTS ? 2 : 1);
}
