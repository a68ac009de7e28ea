/** Rows, then columns. */
export type Pair = readonly [number, number];

/** Rows and columns around a map before a window moves over it. */
export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** How a window moves over a map; a position outside of it counts as zero. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Rows and columns of a map. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** ⌊(size + padding − kernel) / stride⌋ + 1 for rows and for columns. */
export function windowPositions(
  { kernel, stride, padding }: Window,
  { height, width }: Extent,
): Extent {
  const { top, left, bottom, right } = padding;
  return {
    height: Math.floor((height + top + bottom - kernel[0]) / stride[0]) + 1,
    width: Math.floor((width + left + right - kernel[1]) / stride[1]) + 1,
  };
}

/**
 * @throws RangeError when `output` is not what the window makes of `input`. `what` names it in
 *   the message.
 */
export function requireWindow(what: string, window: Window, input: Extent, output: Extent): void {
  const { height, width } = windowPositions(window, input);
  if (output.height === height && output.width === width) return;
  throw new RangeError(
    `${what}: ${window.kernel.join(' × ')} in steps of ${window.stride.join(' × ')} makes ${height} × ${width} positions of ${input.height} × ${input.width}, not ${output.height} × ${output.width}.`,
  );
}
