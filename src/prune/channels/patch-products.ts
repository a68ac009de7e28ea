import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { readMatrix, rowStride } from '../../gpu/matrix.js';
import { Scope } from '../../gpu/scope.js';
import {
  prepareConvolutionWeightGradient,
  weightGradientSlices,
} from '../../kernels/convolution-weight-gradient.js';
import { type FeatureMap, featureMap } from '../../kernels/feature-map.js';
import { packedRows } from '../../kernels/pack-weights.js';
import { prepareShortcut } from '../../kernels/shortcut.js';
import { type Pair, type Window, windowPositions } from '../../kernels/window.js';

export interface PatchProductsRequest extends Window {
  /** What the consumer reads. */
  readonly input: FeatureMap;
  /** E, by which the consumer's sums differ from what they should be; none where they do not. */
  readonly error?: FeatureMap | undefined;
}

/** Sums over patches, added up image by image. Its buffers live until `dispose`. */
export interface PatchProducts extends Disposable {
  /** Encodes the sums of the first so many images of the maps. */
  readonly encode: (commands: Commands, images: number) => void;
  /** Waits for the sums that were encoded last, and adds them to the totals. */
  readonly collect: () => Promise<void>;
  /** The totals so far. */
  readonly totals: () => PatchTotals;
  readonly dispose: () => void;
}

/** Rows go channel by channel: tap t of channel c is row c·g + t. */
export interface PatchTotals {
  /** Q = PᵀP [gC × gC]. */
  readonly gram: Float64Array;
  /** PᵀE [gC × O]; zeros without an error. */
  readonly errorProduct?: Float64Array;
  /** ‖E‖². */
  readonly errorEnergy: number;
  /** Positions summed. */
  readonly positions: number;
}

/**
 * Prepares Q = PᵀP and PᵀE of a convolution's input patches P [images · positions × gC], which are
 * never written out: each is a sum of products of two maps, moved against each other, and so what
 * the gradient of a convolution's weights computes. Float32 on the GPU for the images of one call,
 * float64 from call to call.
 *
 * A patch moved by one place is another patch, so that for 3 × 3 taps in steps of 1 Q depends on the
 * difference of two taps alone, but for what the map's edges cut off:
 *
 *     Q_ts = A_(t−s) − [t, s above] T − [below] B − [left] L − [right] R + corners
 *
 * with A_δ = Σ x[p + δ] x[p]ᵀ over the map, and T, B, L, R the same along its first and last row and
 * column: 15 products of C × C instead of 81. Other windows take one product of gC × C a tap.
 */
export async function preparePatchProducts(
  device: Device,
  request: PatchProductsRequest,
): Promise<PatchProducts> {
  const scope = new Scope(device);
  try {
    const { input, error } = request;
    const gram = await prepareGramPlan(scope, device, request);
    const errors = error && {
      product: await prepareProduct(scope, device, { ...request, left: input, right: error }),
      square: await prepareProduct(scope, device, { ...SINGLE, left: error, right: error }),
    };
    const products = [...gram.products, ...(errors ? [errors.product, errors.square] : [])];
    const taps = request.kernel[0] * request.kernel[1];
    const channels = input.matrix.columns;
    const extent = windowPositions(request, input);
    let encoded = 0;
    let positions = 0;
    return {
      encode: (commands, images) => {
        for (const { encode } of products) encode(commands, images);
        encoded = images;
      },
      collect: async () => {
        for (const { collect } of products) await collect();
        positions += encoded * extent.height * extent.width;
      },
      totals: () => ({
        gram: gram.assemble(),
        ...(errors && { errorProduct: byChannel(errors.product, channels, taps) }),
        errorEnergy: errors ? trace(errors.square) : 0,
        positions,
      }),
      dispose: () => scope.dispose(),
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (failure) {
    scope.dispose();
    throw failure;
  }
}

/** A window of one tap: the products of two maps at the same place. */
const SINGLE = {
  kernel: [1, 1],
  stride: [1, 1],
  padding: { top: 0, left: 0, bottom: 0, right: 0 },
} as const satisfies Window;

interface Product {
  /** Packed as a convolution's weights: row t · stride + c, `columns` a row. */
  readonly totals: Float64Array;
  readonly columns: number;
  readonly encode: (commands: Commands, images: number) => void;
  readonly collect: () => Promise<void>;
}

/** Σ left[p · stride + t] right[p]ᵀ for every tap t of a window. */
async function prepareProduct(
  scope: Scope,
  device: Device,
  { left, right, ...window }: Window & { readonly left: FeatureMap; readonly right: FeatureMap },
): Promise<Product> {
  const { kernel, stride, padding } = window;
  const columns = right.matrix.columns;
  const rows = packedRows({ outputs: columns, channels: left.matrix.columns, kernel });
  const sum = scope.matrix('patch products', [rows, columns]);
  const maps = { input: left, outputGradient: right, weightGradient: sum, kernel, stride, padding };
  const slices = weightGradientSlices(device, maps);
  const parts = scope.matrix('parts of patch products', [slices * rows, columns]);
  const run = await prepareConvolutionWeightGradient(device, { ...maps, parts });
  const totals = new Float64Array(rows * columns);
  return {
    totals,
    columns,
    encode: (commands, images) => run(commands, { images }),
    collect: async () => addTo(totals, await readMatrix(sum)),
  };
}

interface GramPlan {
  readonly products: readonly Pick<Product, 'encode' | 'collect'>[];
  /** Q [gC × gC] from the totals. */
  readonly assemble: () => Float64Array;
}

function prepareGramPlan(
  scope: Scope,
  device: Device,
  request: PatchProductsRequest,
): Promise<GramPlan> {
  const { kernel, stride, padding } = request;
  const { top, left, bottom, right } = padding;
  const single = kernel.every((size) => size === 1) && stride.every((step) => step === 1);
  if (single) return singleTap(scope, device, request);
  const same = [top, left, bottom, right].every((pad) => pad === 1);
  if (same && kernel.every((size) => size === 3) && stride.every((step) => step === 1)) {
    return movedMaps(scope, device, request);
  }
  return tapByTap(scope, device, request);
}

async function singleTap(
  scope: Scope,
  device: Device,
  { input }: PatchProductsRequest,
): Promise<GramPlan> {
  const product = await prepareProduct(scope, device, { ...SINGLE, left: input, right: input });
  const channels = input.matrix.columns;
  return { products: [product], assemble: () => product.totals.slice(0, channels * channels) };
}

/** Taps of a 3 × 3 window from the place that they are moved from. */
const TAPS = [-1, 0, 1];

/** Q of 3 × 3 taps in steps of 1, from A, edges and corners. */
async function movedMaps(
  scope: Scope,
  device: Device,
  { input }: PatchProductsRequest,
): Promise<GramPlan> {
  const { height, width } = input;
  const square = (map: FeatureMap, kernel: Pair, padding: Partial<Window['padding']>) =>
    prepareProduct(scope, device, {
      left: map,
      right: map,
      kernel,
      stride: [1, 1],
      padding: { ...SINGLE.padding, ...padding },
    });
  // Rows of taps above are those below, turned.
  const inner = await square(input, [3, 5], { left: 2, bottom: 2, right: 2 });
  const strip = async (from: Pair, extent: { readonly height: number; readonly width: number }) => {
    const moved = await prepareMoved(scope, device, { input, from, extent, stride: [1, 1] });
    const { height: rows, width: columns } = extent;
    const along = [rows > 1 ? 3 : 1, columns > 1 ? 3 : 1] as const;
    const product = await square(moved.map, along, { bottom: along[0] - 1, right: along[1] - 1 });
    const encode: Product['encode'] = (commands, images) => {
      moved.encode(commands, images);
      product.encode(commands, images);
    };
    return { ...product, encode };
  };
  const row = { height: 1, width };
  const column = { height, width: 1 };
  const point = { height: 1, width: 1 };
  const [first, last] = [
    [0, 0],
    [height - 1, width - 1],
  ] as const;
  const above = await strip([first[0], 0], row);
  const below = await strip([last[0], 0], row);
  const before = await strip([0, first[1]], column);
  const behind = await strip([0, last[1]], column);
  const corners = [
    await strip([first[0], first[1]], point),
    await strip([first[0], last[1]], point),
    await strip([last[0], first[1]], point),
    await strip([last[0], last[1]], point),
  ] as const;
  const channels = input.matrix.columns;
  const assemble = () => {
    const gram = new Float64Array((9 * channels) ** 2);
    const add = (t: number, s: number, block: (c: number, d: number) => number) => {
      for (let c = 0; c < channels; c++) {
        for (let d = 0; d < channels; d++) {
          const at = (c * 9 + t) * 9 * channels + d * 9 + s;
          gram[at] = (gram[at] as number) + block(c, d);
        }
      }
    };
    TAPS.forEach((ty, i) => {
      TAPS.forEach((tx, j) => {
        TAPS.forEach((sy, k) => {
          TAPS.forEach((sx, l) => {
            const [t, s] = [3 * i + j, 3 * k + l];
            const [dy, dx] = [ty - sy, tx - sx];
            add(t, s, movedBlock(inner, channels, [dy, dx], { columns: 5, left: 2 }));
            const less = (product: Product, apart: number) => {
              const block = movedBlock(product, channels, [0, apart], LINE);
              add(t, s, (c, d) => -block(c, d));
            };
            if (ty === sy && ty !== 0) less(ty > 0 ? above : below, dx);
            if (tx === sx && tx !== 0) less(tx > 0 ? before : behind, dy);
            if (t === s && ty !== 0 && tx !== 0) {
              const corner = corners[(ty > 0 ? 0 : 2) + (tx > 0 ? 0 : 1)] as Product;
              add(t, s, movedBlock(corner, channels, [0, 0], LINE));
            }
          });
        });
      });
    });
    return gram;
  };
  return { products: [inner, above, below, before, behind, ...corners], assemble };
}

/** A line's differences lie one below the other, from 0 on. */
const LINE = { columns: 1, left: 0 };

/**
 * Σ x_c[p + δ] x_d[p] by c and d, from the product that holds the δ that lie in reading order behind
 * zero: the others are those turned. Of a line, δ is along it.
 */
function movedBlock(
  { totals, columns: width }: Product,
  channels: number,
  [dy, dx]: Pair,
  { columns, left }: { readonly columns: number; readonly left: number },
): (c: number, d: number) => number {
  const turned = dy < 0 || (dy === 0 && dx < 0);
  const [y, x] = turned ? [-dy, -dx] : [dy, dx];
  const tap = columns === 1 ? x : y * columns + x + left;
  const first = tap * rowStride(channels) * width;
  // Beyond the strip nothing meets.
  if (first >= totals.length) return () => 0;
  return (c, d) => totals[first + (turned ? d * width + c : c * width + d)] as number;
}

/** Q of any window: for each tap what it reads, as a map, against all taps. */
async function tapByTap(
  scope: Scope,
  device: Device,
  request: PatchProductsRequest,
): Promise<GramPlan> {
  const { input, kernel, stride, padding } = request;
  const extent = windowPositions(request, input);
  const channels = input.matrix.columns;
  const taps = kernel[0] * kernel[1];
  const products: Product[] = [];
  for (let tap = 0; tap < taps; tap++) {
    const from = [
      Math.floor(tap / kernel[1]) - padding.top,
      (tap % kernel[1]) - padding.left,
    ] as const;
    const moved = await prepareMoved(scope, device, { input, from, extent, stride });
    const against = { left: input, right: moved.map, kernel, stride, padding };
    const product = await prepareProduct(scope, device, against);
    products.push({
      ...product,
      encode: (commands, images) => {
        moved.encode(commands, images);
        product.encode(commands, images);
      },
    });
  }
  const assemble = () => {
    const rows = channels * taps;
    const gram = new Float64Array(rows * rows);
    products.forEach((product, s) => {
      const block = byChannel(product, channels, taps);
      for (let row = 0; row < rows; row++) {
        for (let d = 0; d < channels; d++) {
          gram[row * rows + d * taps + s] = block[row * channels + d] as number;
        }
      }
    });
    return gram;
  };
  return { products, assemble };
}

/** A map of what lies at one tap, or of an edge. */
async function prepareMoved(
  scope: Scope,
  device: Device,
  {
    input,
    from,
    extent,
    stride,
  }: {
    readonly input: FeatureMap;
    readonly from: Pair;
    readonly extent: { readonly height: number; readonly width: number };
    readonly stride: Pair;
  },
) {
  const { images, matrix } = input;
  const rows = images * extent.height * extent.width;
  const map = featureMap(scope.matrix('moved map', [rows, matrix.columns]), extent);
  const run = await prepareShortcut(device, { input, output: map, stride, from });
  return { map, encode: (commands: Commands, count: number) => run(commands, { images: count }) };
}

/** A packed product [taps · stride × O] with its rows channel by channel [gC × O]. */
function byChannel({ totals, columns }: Product, channels: number, taps: number): Float64Array {
  const rows = new Float64Array(channels * taps * columns);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < channels; c++) {
      const first = (tap * rowStride(channels) + c) * columns;
      rows.set(totals.subarray(first, first + columns), (c * taps + tap) * columns);
    }
  }
  return rows;
}

function trace({ totals, columns }: Product): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += totals[c * columns + c] as number;
  return sum;
}

function addTo(totals: Float64Array, values: Float32Array): void {
  values.forEach((value, at) => {
    totals[at] = (totals[at] as number) + value;
  });
}
