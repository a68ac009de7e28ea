import type { ConvolutionTile } from '../../shaders/convolution.wgsl.js';
import { LANES } from '../../shaders/convolution-lanes.js';
import { CONVOLUTION_TILED_TILES } from '../../shaders/convolution-tiled.js';
import type { WeightGradientTile } from '../../shaders/convolution-weight-gradient.wgsl.js';
import { QUAD_LANES } from '../../shaders/convolution-weight-gradient-lanes.js';
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
    [8, 4],
    [4, 4],
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
      [4, 4],
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
  /** Channels of a group of the input, and outputs. */
  readonly channels: number;
  readonly outputs: number;
  /** Rows of the window. */
  readonly tapRows: number;
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
 * Instructions that SwiftShader runs while it compiles one multiply-add of a turn and all that comes
 * with it, about 0.5 ms, as a share of each of 150 calls. A large tile of a small convolution would
 * never earn what it took to compile.
 */
const COMPILE_COST = 20_000;

/**
 * The tile of a convolution that should take the least time. On hardware it is the largest that
 * gives enough workgroups; on a software adapter the one of the fewest instructions, those for what
 * lies past the edges included. None is timed: a shader takes longer to compile there than to run.
 */
export function productTile(variant: MatmulVariant, work: ConvolutionWork): ConvolutionTile {
  const { lines, columns, channels, outputs, tapRows, taps, step } = work;
  if (variant === 'tiled') return tileOnHardware(CONVOLUTION_TILES.tiled, lines * columns, outputs);
  const turns = tapRows * Math.ceil(channels / 4);
  return cheapest(CONVOLUTION_TILES[variant], ([positions, together]) => {
    const segments = lines * Math.ceil(columns / positions);
    const quads = (Math.ceil(segments / LANES) * LANES) / 4;
    const sums = positions * together;
    const turn = instructions((positions - 1) * step + taps + 4 * taps, sums, 4 * taps);
    const run = quads * Math.ceil(outputs / together) * (turn + (COST.store * sums) / 4);
    return run + compilation(sums * 4 * taps, turns);
  });
}

/** The same for the gradient of its weights, whose rows are taps and channels. */
export function weightGradientTile(
  variant: MatmulVariant,
  work: ConvolutionWork & { readonly rows: number },
): WeightGradientTile {
  const { lines, columns, channels, outputs, rows, tapRows, taps, step } = work;
  if (variant === 'tiled') return tileOnHardware(WEIGHT_GRADIENT_TILES.tiled, rows, outputs);
  const blocks = tapRows * Math.ceil(outputs / (4 * QUAD_LANES));
  return cheapest(WEIGHT_GRADIENT_TILES[variant], ([positions, together]) => {
    const turns = lines * Math.ceil(columns / positions) * Math.ceil(channels / together);
    const loads = (positions - 1) * step + taps + positions;
    const sums = 4 * taps * together;
    const run = turns * instructions(loads, sums, positions);
    return run + compilation(sums * positions, blocks);
  });
}

/** What it costs to compile the products of a turn, beside a cost of running that leaves out a factor. */
function compilation(products: number, factor: number): number {
  return (COMPILE_COST * products) / factor;
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
