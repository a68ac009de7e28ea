import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import { LANES } from '../../shaders/convolution-lanes.js';
import { CONVOLUTION_TILED_TILES } from '../../shaders/convolution-tiled.js';
import type { WeightGradientTile } from '../../shaders/convolution-weight-gradient.wgsl.js';
import { WEIGHT_GRADIENT_TILED_TILES } from '../../shaders/convolution-weight-gradient-tiled.js';
import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';

/** The tiles that each variant can be generated for; the last takes least time to compile. */
export const CONVOLUTION_TILES: Readonly<Record<MatmulVariant, readonly ConvolutionTile[]>> = {
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
};

/** The same of the weights' gradient. */
export const WEIGHT_GRADIENT_TILES: Readonly<Record<MatmulVariant, readonly WeightGradientTile[]>> =
  {
    tiled: WEIGHT_GRADIENT_TILED_TILES,
    subgroup: [
      [16, 16],
      [8, 16],
      [2, 16],
      [16, 4],
      [8, 4],
      [8, 8],
      [4, 16],
    ],
    lanes: [
      [16, 4],
      [8, 4],
      [4, 4],
    ],
  };

export interface ConvolutionWork {
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
/** Multiply-adds of a turn of the loop: with more, its code outgrows the instruction cache too far. */
const MOST_PRODUCTS = 1600;

/**
 * The tile of a convolution that should take the least time. On hardware it is the largest that
 * gives enough workgroups; on a software adapter the one of the fewest instructions, those for what
 * lies past the edges included. None is timed: a shader takes longer to compile there than to run.
 */
export function productTile(variant: MatmulVariant, work: ConvolutionWork): ConvolutionTile {
  const { lines, columns, outputs, taps, step } = work;
  if (variant === 'tiled') return tileOnHardware(CONVOLUTION_TILES.tiled, lines * columns, outputs);
  return cheapest(CONVOLUTION_TILES[variant], ([positions, together]) => {
    const segments = lines * Math.ceil(columns / positions);
    const lanes = Math.ceil(segments / LANES) * Math.ceil(outputs / together);
    const sums = positions * together;
    const turn = instructions((positions - 1) * step + taps + 4 * taps, sums, 4 * taps);
    return lanes * (turn + (COST.store * sums) / 4);
  });
}

/** The same for the gradient of its weights, whose rows are taps and channels. */
export function weightGradientTile(
  variant: MatmulVariant,
  work: ConvolutionWork & { readonly channels: number; readonly rows: number },
): WeightGradientTile {
  const { lines, columns, channels, outputs, rows, taps, step } = work;
  if (variant === 'tiled') return tileOnHardware(WEIGHT_GRADIENT_TILES.tiled, rows, outputs);
  return cheapest(WEIGHT_GRADIENT_TILES[variant], ([positions, together]) => {
    const turns = lines * Math.ceil(columns / positions) * Math.ceil(channels / together);
    const loads = (positions - 1) * step + taps + positions;
    return turns * instructions(loads, 4 * taps * together, positions);
  });
}

/** Instructions of a turn of the loop that adds so many products to each sum. */
function instructions(loads: number, sums: number, products: number): number {
  const all = COST.load * loads + sums * (COST.sum + COST.product * products);
  return sums * products > MOST_PRODUCTS ? 2 * all : all;
}

function tileOnHardware<Tile extends readonly [number, number]>(
  tiles: readonly Tile[],
  rows: number,
  columns: number,
): Tile {
  return cheapest(tiles, (tile) => {
    const workgroups = Math.ceil(rows / tile[0]) * Math.ceil(columns / tile[1]);
    const size = tile[0] * tile[1];
    // Too few workgroups come last, and the smaller the tile the better they are.
    if (workgroups < ENOUGH_WORKGROUPS) return Number.MAX_SAFE_INTEGER * size;
    // What is computed past the edges, and what each sum's products have to be loaded.
    return workgroups * size * (1 + 4 / tile[0] + 4 / tile[1]);
  });
}

function cheapest<Tile>(tiles: readonly Tile[], cost: (tile: Tile) => number): Tile {
  return tiles.reduce((best, tile) => (cost(tile) < cost(best) ? tile : best));
}
