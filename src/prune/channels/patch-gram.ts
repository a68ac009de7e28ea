import type { Device } from '../../gpu/device.js';
import { rowStride } from '../../gpu/matrix.js';
import type { Scope } from '../../gpu/scope.js';
import type { FeatureMap } from '../../kernels/feature-map.js';
import { type Pair, type Window, windowPositions } from '../../kernels/window.js';
import { byChannel, type Product, prepareMoved, prepareProduct, SINGLE } from './map-products.js';

/** What Q is summed of: the map that a window moves over. */
export interface GramRequest extends Window {
  readonly input: FeatureMap;
}

export interface GramPlan {
  readonly products: readonly Pick<Product, 'encode' | 'collect'>[];
  /** Q [gC × gC] from the totals. */
  readonly assemble: () => Float64Array;
}

/**
 * Prepares Q = PᵀP of a window's patches, by the way that takes the fewest products.
 *
 * A patch moved by one place is another patch, so that for 3 × 3 taps in steps of 1 Q depends on the
 * difference of two taps alone, but for what the map's edges cut off:
 *
 *     Q_ts = A_(t−s) − [t, s above] T − [below] B − [left] L − [right] R + corners
 *
 * with A_δ = Σ x[p + δ] x[p]ᵀ over the map, and T, B, L, R the same along its first and last row and
 * column: 15 products of C × C instead of 81. Other windows take one product of gC × C a tap.
 */
export function prepareGramPlan(
  scope: Scope,
  device: Device,
  request: GramRequest,
): Promise<GramPlan> {
  return WAYS[wayOfWindow(request)](scope, device, request);
}

/** Products of C × C a position that Q takes: those along edges are few. */
export function gramProducts(window: Window): number {
  const [rows, columns] = window.kernel;
  const products = { single: 1, moved: 15, taps: (rows * columns) ** 2 };
  return products[wayOfWindow(window)];
}

const WAYS = { single: singleTap, moved: movedMaps, taps: tapByTap } as const;

function wayOfWindow({ kernel, stride, padding }: Window): keyof typeof WAYS {
  const { top, left, bottom, right } = padding;
  if (!stride.every((step) => step === 1)) return 'taps';
  if (kernel.every((size) => size === 1)) return 'single';
  const same = [top, left, bottom, right].every((pad) => pad === 1);
  return same && kernel.every((size) => size === 3) ? 'moved' : 'taps';
}

async function singleTap(scope: Scope, device: Device, { input }: GramRequest): Promise<GramPlan> {
  const product = await prepareProduct(scope, device, { ...SINGLE, left: input, right: input });
  const channels = input.matrix.columns;
  return { products: [product], assemble: () => product.totals.slice(0, channels * channels) };
}

/** Taps of a 3 × 3 window from the place that they are moved from. */
const TAPS = [-1, 0, 1];

/** Q of 3 × 3 taps in steps of 1, from A, edges and corners. */
async function movedMaps(scope: Scope, device: Device, { input }: GramRequest): Promise<GramPlan> {
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
async function tapByTap(scope: Scope, device: Device, request: GramRequest): Promise<GramPlan> {
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
