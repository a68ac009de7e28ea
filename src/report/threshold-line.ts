import type { LegendEntry } from './drawing.js';

/** Where a line over a heat map passes a column; undefined where a threshold was not reached. */
export interface ThresholdPoint {
  readonly size: number;
  readonly height: number | undefined;
}

/** The line through mean thresholds, a point for each size of the map. */
export function thresholdLine(
  sizes: readonly number[],
  means: readonly (readonly [size: number, height: number])[],
): readonly ThresholdPoint[] {
  const heights = new Map(means);
  return sizes.map((size) => ({ size, height: heights.get(size) }));
}

/** The line's pieces: it says nothing of a column that it does not reach, so it ends beside that. */
export function piecesOfLine(
  points: readonly ThresholdPoint[],
): readonly (readonly { readonly size: number; readonly height: number }[])[] {
  const pieces: { size: number; height: number }[][] = [[]];
  for (const { size, height } of points) {
    if (height === undefined) pieces.push([]);
    else pieces.at(-1)!.push({ size, height });
  }
  return pieces.filter((piece) => piece.length > 0);
}

/** How a legend shows the line: as itself, as a dot where no two neighbours have a point, or not at all. */
export function markOfLine(
  points: readonly ThresholdPoint[],
  line: LegendEntry['mark'],
): LegendEntry['mark'] {
  const pieces = piecesOfLine(points);
  if (pieces.length === 0) return 'none';
  return pieces.some(({ length }) => length > 1) ? line : 'dot';
}
