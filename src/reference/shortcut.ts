import type { MapElement } from './convolution.js';

export interface ShortcutProblem {
  /** Of the input. */
  readonly channels: number;
  readonly output: { readonly height: number; readonly width: number; readonly channels: number };
  readonly stride: readonly [rows: number, columns: number];
  readonly before: number;
  /** The first position that is read. */
  readonly from?: readonly [row: number, column: number] | undefined;
  /** Zero beyond its map. */
  readonly x: MapElement;
  /** What the channels around hold, where they stay; zeros without it. */
  readonly around?: MapElement | undefined;
}

/** The numbers of a shortcut's output for so many images, exact, in the order of the map. */
export function shortcutReference(problem: ShortcutProblem, images: number): Float64Array {
  const { channels, output, stride, before, from: [top, left] = [0, 0], x, around } = problem;
  return Float64Array.from(
    { length: images * output.height * output.width * output.channels },
    (_, at) => {
      const channel = at % output.channels;
      const position = Math.floor(at / output.channels);
      const [u, v] = [Math.floor(position / output.width) % output.height, position % output.width];
      const image = Math.floor(position / (output.width * output.height));
      const from = channel - before;
      if (from < 0 || from >= channels) return around?.(image, u, v, channel) ?? 0;
      return x(image, u * stride[0] + top, v * stride[1] + left, from);
    },
  );
}
