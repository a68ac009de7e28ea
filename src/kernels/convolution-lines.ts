import type { Extent, Pair } from './window.js';

/** Positions under a window, as kernels walk them: line by line. */
export interface Lines extends Extent {
  /** Lines of all images and of one, and the positions of each. */
  readonly lines: number;
  readonly rows: number;
  readonly columns: number;
}

export interface LinedPositions {
  readonly input: Extent;
  readonly positions: Extent;
  readonly taps: Pair;
  readonly stride: Pair;
  readonly before: Pair;
}

/**
 * The positions of so many images as lines. Where each position sees nothing but itself and
 * `joined` allows it, all of them are one line: then no tile is left partly empty.
 */
export function asLines(window: LinedPositions, images: number, joined: boolean): Lines {
  const { input, positions, taps, stride, before } = window;
  const { height, width } = input;
  const { height: rows, width: columns } = positions;
  const ones = [...taps, ...stride].every((size) => size === 1);
  const alone = ones && before.every((size) => size === 0) && rows === height && columns === width;
  if (!joined || !alone) return { height, width, lines: images * rows, rows, columns };
  const all = images * height * width;
  return { height: 1, width: all, lines: 1, rows: 1, columns: all };
}
