import type { Matrix } from '../src/gpu/matrix.js';
import type { Scope } from '../src/gpu/scope.js';
import { type FeatureMap, featureMap } from '../src/kernels/feature-map.js';
import { ROW_WALK_VARIANTS } from '../src/kernels/row-walk.js';
import { rowWalkVariant } from '../src/kernels/variant.js';
import type { MapElement } from '../src/reference/convolution.js';
import { spread } from './check.js';
import type { KernelBench } from './kernel.js';
import { nans } from './numbers.js';

/** One image of a map. */
export interface MapExtent {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Maps of square images. */
export type MapShape = {
  readonly images: number;
  readonly size: number;
  readonly channels: number;
};

/** Those of ResNet-20 for CIFAR-10, and one as pruning leaves it. */
export const MAP_SHAPES: readonly MapShape[] = [
  { images: 32, size: 32, channels: 16 },
  { images: 32, size: 16, channels: 32 },
  { images: 32, size: 8, channels: 64 },
  { images: 32, size: 32, channels: 13 },
];

/** Those of ResNet-34 for CIFAR-10. */
const LARGE_MAP_SHAPES: readonly MapShape[] = [
  { images: 128, size: 32, channels: 64 },
  { images: 128, size: 4, channels: 512 },
];

/** What most records of kernels on maps have in common. */
export const MAP_BENCH = {
  shapes: MAP_SHAPES,
  hardwareShapes: LARGE_MAP_SHAPES,
  variants: ROW_WALK_VARIANTS,
  preferred: rowWalkVariant,
} as const satisfies Partial<KernelBench<MapShape>>;

export function rowsOfMap({ images, size }: MapShape): number {
  return images * size ** 2;
}

export function numbersOfMap(shape: MapShape): number {
  return rowsOfMap(shape) * shape.channels;
}

/** A map of `data`, or of NaN. */
export function imageMap(
  scope: Scope,
  label: string,
  { images, height, width, channels }: MapExtent & { readonly images: number },
  data?: Float32Array,
): FeatureMap {
  const rows = images * height * width;
  const matrix = scope.matrix(label, [rows, channels], { data: data ?? nans(rows * channels) });
  return featureMap(matrix, { height, width });
}

/** A map of square images. */
export function squareMap(
  scope: Scope,
  label: string,
  { size, ...shape }: MapShape,
  data?: Float32Array,
): FeatureMap {
  return imageMap(scope, label, { ...shape, height: size, width: size }, data);
}

/** The elements of a map as an oracle asks for them. */
export function mapElements(
  data: Float32Array,
  { height, width, channels }: MapExtent,
): MapElement {
  return (n, y, x, c) => data[((n * height + y) * width + x) * channels + c] ?? Number.NaN;
}

/** Rows [rows × columns] of NaN, for sums and for what is known of channels. */
export function blankRows(scope: Scope, label: string, rows: number, columns: number): Matrix {
  return scope.matrix(label, [rows, columns], { data: nans(rows * columns) });
}

/** Channels enough to judge a sum over all rows by. */
export function someChannels({ channels }: MapShape): readonly number[] {
  return spread(channels, 3);
}

/** Rows enough to judge by what is worked out number by number. */
export function someRows(shape: MapShape): readonly number[] {
  return spread(rowsOfMap(shape), 500);
}
