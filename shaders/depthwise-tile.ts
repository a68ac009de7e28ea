import { unroll } from './unroll.js';

/** One product along an axis of a tile: position `out` takes tap `tap` times position `at`. */
interface AxisProduct {
  /** In the tile. */
  readonly out: number;
  /** In what is read, from where the tile begins there. */
  readonly at: number;
  readonly tap: number;
}

/** Rows, then columns. */
export type Two = readonly [number, number];

/** How a depthwise filter moves over a map. */
export interface DepthwiseWindow {
  readonly kernel: Two;
  readonly stride: Two;
  /** Rows above and columns to the left of the map. */
  readonly before: Two;
}

/** A tile and a window along one axis. */
interface Axis {
  readonly tile: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
}

/** Tiles that a thread may take, the largest first. */
const TILES: readonly Two[] = [
  [4, 4],
  [2, 4],
  [2, 2],
  [1, 2],
  [1, 1],
];

/** Positions that a tile may read: the code for more of them does not fit the instruction cache. */
const MOST_READ = 56;

/** The tile that a thread computes, and its products along rows and along columns. */
export interface TilePlan {
  readonly tile: Two;
  readonly axes: readonly [readonly AxisProduct[], readonly AxisProduct[]];
}

/** A tile of the output, which takes the input that its windows cover. */
export function windowPlan(window: DepthwiseWindow): TilePlan {
  return planTile(window, { products: windowProducts, multiple: [1, 1], most: MOST_READ });
}

/** A tile of the input, which takes the outputs whose windows cover it. */
export function coverPlan(window: DepthwiseWindow): TilePlan {
  return planTile(window, { products: coverProducts, multiple: window.stride, most: MOST_READ });
}

interface TileNeeds {
  readonly products: (axis: Axis) => readonly AxisProduct[];
  /** What a tile's rows and columns are multiples of. */
  readonly multiple: Two;
  /** Positions that it reads. */
  readonly most: number;
}

/** The largest tile that is as it must be, or the smallest. */
function planTile(
  { kernel, stride, before }: DepthwiseWindow,
  { products, multiple, most }: TileNeeds,
): TilePlan {
  const plans = TILES.map(([down, across]): TilePlan => {
    const tile = [roundUp(down, multiple[0]), roundUp(across, multiple[1])] as const;
    const [rows, columns] = ([0, 1] as const).map((axis) =>
      products({
        tile: tile[axis],
        kernel: kernel[axis],
        stride: stride[axis],
        before: before[axis],
      }),
    );
    return { tile, axes: [rows ?? [], columns ?? []] };
  });
  const reads = ({ axes }: TilePlan) =>
    distinctPlaces(axes[0]).length * distinctPlaces(axes[1]).length;
  const fitting = plans.find((plan) => reads(plan) <= most) ?? plans.at(-1);
  if (!fitting) throw new RangeError('There are no tiles.');
  return fitting;
}

/** Each position of a tile of the output, with the input that its window covers. */
function windowProducts({ tile, kernel, stride, before }: Axis): readonly AxisProduct[] {
  return pairs(tile, kernel).map(([out, tap]) => ({ out, tap, at: out * stride + tap - before }));
}

/**
 * Each position of a tile of the input, with the outputs whose windows cover it. The tile is a
 * multiple of the stride, so that which taps meet it does not depend on where it lies.
 */
function coverProducts({ tile, kernel, stride, before }: Axis): readonly AxisProduct[] {
  return pairs(tile, kernel)
    .map(([out, tap]) => ({ out, tap, at: (out + before - tap) / stride }))
    .filter(({ at }) => Number.isInteger(at));
}

/** Positions along an axis that are read, in order. */
function distinctPlaces(products: readonly AxisProduct[]): readonly number[] {
  return [...new Set(products.map(({ at }) => at))].sort((a, b) => a - b);
}

/** Uniforms of `PLACE_OF_TILE`. */
export const TILE_UNIFORMS = {
  images: 'u32',
  vectors: 'u32',
  tiles_down: 'u32',
  tiles_across: 'u32',
  /** Of the map that is read, … */
  height: 'u32',
  width: 'u32',
  /** … and of the map that the tiles cover. */
  out_height: 'u32',
  out_width: 'u32',
} as const;

/** WGSL that leaves `image`, `tile_y` and `tile_x` of tile number `place`. */
export const PLACE_OF_TILE = `
  let tile_x = place % params.tiles_across;
  let line_of_tiles = place / params.tiles_across;
  let tile_y = line_of_tiles % params.tiles_down;
  let image = line_of_tiles / params.tiles_down;`;

/**
 * WGSL that reads what the products of a tile need of `map`: row by row, each number once. What is
 * done with the number named `x` is `use(x, products)`. Numbers beside the map are zero. Conditions
 * are joined by `|`: each `||` is a branch, and with a few dozen of them in a loop a software
 * adapter's compiler takes minutes.
 *
 * @param steps by how many rows and columns of `map` a tile lies behind the one before.
 */
export function readWindow(
  map: string,
  axes: TilePlan['axes'],
  steps: Two,
  use: (x: string, products: readonly TileProduct[]) => string,
): string {
  const [rows, columns] = [distinctPlaces(axes[0]), distinctPlaces(axes[1])];
  const column = (c: number) => `
  let left_${c} = i32(tile_x * ${steps[1]}u) + (${columns[c]});
  let beside_${c} = (left_${c} < 0) | (left_${c} >= i32(params.width));
  let at_${c} = u32(clamp(left_${c}, 0, i32(params.width) - 1)) * params.vectors + column;`;
  const row = (r: number) => `
  let top_${r} = i32(tile_y * ${steps[0]}u) + (${rows[r]});
  let above_${r} = (top_${r} < 0) | (top_${r} >= i32(params.height));
  let line_${r} = (image * params.height + u32(clamp(top_${r}, 0, i32(params.height) - 1)))
    * params.width * params.vectors;
${unroll(
  columns.length,
  (c) =>
    `  let x_${r}_${c} = select(${map}[line_${r} + at_${c}], vec4<f32>(), above_${r} | beside_${c});`,
)}
${unroll(columns.length, (c) => use(`x_${r}_${c}`, productsAt(axes, rows[r], columns[c])))}`;
  return unroll(columns.length, column) + unroll(rows.length, row);
}

/**
 * WGSL that adds up a tile's products with the weights of a filter, `w<tap>`, to `sum<place>`, of
 * which `first` is the first term.
 */
export function tileSums(
  map: string,
  { tile, axes }: TilePlan,
  steps: Two,
  { kernel, first }: { readonly kernel: Two; readonly first: string },
): string {
  const sums = readWindow(map, axes, steps, (x, products) =>
    products
      .map(({ out, tap }) => {
        const sum = `sum${out[0] * tile[1] + out[1]}`;
        return `  ${sum} = fma(w${tap[0] * kernel[1] + tap[1]}, ${x}, ${sum});`;
      })
      .join('\n'),
  );
  return `
${unroll(kernel[0] * kernel[1], (k) => `  let w${k} = weights[${k}u * params.vectors + column];`)}
${unroll(tile[0] * tile[1], (o) => `  var sum${o} = ${first};`)}
${sums}`;
}

/**
 * WGSL for each position of a tile: `use` is given its number, the condition that it lies in the map
 * that the tiles cover, and its element of that map.
 */
export function eachPlace(
  [rows, columns]: Two,
  use: (place: number, inside: string, at: string) => string,
): string {
  const places = unroll(rows * columns, (place) => {
    const [row, across] = [Math.floor(place / columns), place % columns];
    return use(
      place,
      `(top + ${row}u < params.out_height) & (left + ${across}u < params.out_width)`,
      `corner + (${row}u * params.out_width + ${across}u) * params.vectors`,
    );
  });
  return `
  let top = tile_y * ${rows}u;
  let left = tile_x * ${columns}u;
  let corner = ((image * params.out_height + top) * params.out_width + left) * params.vectors + column;
${places}`;
}

/** One product of a tile. */
export interface TileProduct {
  /** Row and column in the tile. */
  readonly out: Two;
  /** Row and column in the filter. */
  readonly tap: Two;
}

/** The products that take this row and column of what is read. */
function productsAt(
  [rows, columns]: TilePlan['axes'],
  row: number | undefined,
  column: number | undefined,
): readonly TileProduct[] {
  const across = columns.filter(({ at }) => at === column);
  return rows
    .filter(({ at }) => at === row)
    .flatMap((down) =>
      across.map((one): TileProduct => ({ out: [down.out, one.out], tap: [down.tap, one.tap] })),
    );
}

function roundUp(size: number, multiple: number): number {
  return multiple * Math.ceil(size / multiple);
}

function pairs(outs: number, taps: number): readonly (readonly [number, number])[] {
  return Array.from({ length: outs * taps }, (_, at) => [Math.floor(at / taps), at % taps]);
}
