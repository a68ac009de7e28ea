import type { Matrix } from '../src/gpu/matrix.js';
import type { Scope } from '../src/gpu/scope.js';
import { type FeatureMap, featureMap } from '../src/kernels/feature-map.js';
import { spread } from './check.js';
import { nans } from './numbers.js';

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
export const LARGE_MAP_SHAPES: readonly MapShape[] = [
  { images: 128, size: 32, channels: 64 },
  { images: 128, size: 4, channels: 512 },
];

export function rowsOfMap({ images, size }: MapShape): number {
  return images * size ** 2;
}

export function numbersOfMap(shape: MapShape): number {
  return rowsOfMap(shape) * shape.channels;
}

/** A map of `data`, or of NaN. */
export function squareMap(
  scope: Scope,
  label: string,
  shape: MapShape,
  data: Float32Array = nans(numbersOfMap(shape)),
): FeatureMap {
  const { size, channels } = shape;
  const matrix = scope.matrix(label, [rowsOfMap(shape), channels], { data });
  return featureMap(matrix, { height: size, width: size });
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
