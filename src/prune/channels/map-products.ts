import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { readMatrix, rowStride } from '../../gpu/matrix.js';
import type { Scope } from '../../gpu/scope.js';
import {
  prepareConvolutionWeightGradient,
  weightGradientSlices,
} from '../../kernels/convolution-weight-gradient.js';
import { type FeatureMap, featureMap } from '../../kernels/feature-map.js';
import { packedRows } from '../../kernels/pack-weights.js';
import { prepareShortcut } from '../../kernels/shortcut.js';
import type { Pair, Window } from '../../kernels/window.js';

/** A window of one tap: the products of two maps at the same place. */
export const SINGLE = {
  kernel: [1, 1],
  stride: [1, 1],
  padding: { top: 0, left: 0, bottom: 0, right: 0 },
} as const satisfies Window;

/** One sum of products, added up from call to call. */
export interface Product {
  /** Packed as a convolution's weights: row t · stride + c, `columns` a row. */
  readonly totals: Float64Array;
  readonly columns: number;
  readonly encode: (commands: Commands, images: number) => void;
  readonly collect: () => Promise<void>;
}

/** Σ left[p · stride + t] right[p]ᵀ for every tap t of a window. */
export async function prepareProduct(
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

/** A map of what lies at one tap, or of an edge. */
export async function prepareMoved(
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
export function byChannel(
  { totals, columns }: Product,
  channels: number,
  taps: number,
): Float64Array {
  const rows = new Float64Array(channels * taps * columns);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < channels; c++) {
      const first = (tap * rowStride(channels) + c) * columns;
      rows.set(totals.subarray(first, first + columns), (c * taps + tap) * columns);
    }
  }
  return rows;
}

export function trace({ totals, columns }: Product): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += totals[c * columns + c] as number;
  return sum;
}

function addTo(totals: Float64Array, values: Float32Array): void {
  values.forEach((value, at) => {
    totals[at] = (totals[at] as number) + value;
  });
}
