import { exactly, plus, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import type { MapElement } from './convolution.js';

export interface ShortcutGradientProblem {
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly stride: readonly [rows: number, columns: number];
  readonly before: number;
  /** ∂L / ∂ output. */
  readonly gradient: MapElement;
  /** What is there, where the gradient is added to it, in the order of the input's map. */
  readonly there?: ArrayLike<number> | undefined;
}

/** ∂L / ∂ input for so many images, in the order of its map. */
export function shortcutGradientReference(
  { input, stride, before, gradient, there }: ShortcutGradientProblem,
  images: number,
): Bounded {
  const { height, width, channels } = input;
  return valuesWithBounds(
    Array.from({ length: images * height * width * channels }, (_, at) => {
      const position = Math.floor(at / channels);
      const [y, x] = [Math.floor(position / width) % height, position % width];
      const image = Math.floor(position / (width * height));
      const copied = y % stride[0] === 0 && x % stride[1] === 0;
      const share = exactly(
        copied ? gradient(image, y / stride[0], x / stride[1], before + (at % channels)) : 0,
      );
      return there ? plus(exactly(there[at] ?? Number.NaN), share) : share;
    }),
  );
}
