import type { PictureSize } from './pictures.js';

/** A decoded picture: red, green, blue and opacity of each pixel, row by row, as a page's ImageData has them. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * A picture as a network reads it, [height, width, channels]: scaled so that `crop` of its shorter side
 * (1: all; 0.875 as ImageNet's networks are usually measured) just covers the network's input, and the
 * middle cut out. Each new pixel is the mean of the old ones under a triangle as wide as two new
 * pixels, at least two old ones: the antialiased bilinear filter of Pillow and torchvision. Opacity is
 * dropped, and one channel is the luma 0.299 R + 0.587 G + 0.114 B, as theirs are.
 */
export function fitPicture(picture: DecodedPicture, size: PictureSize, crop = 1): Uint8Array {
  const cover = Math.max(size.height / picture.height, size.width / picture.width) / crop;
  const columns = windows(picture.width, size.width, cover);
  const rows = windows(picture.height, size.height, cover);
  return inChannels(blendRows(blendColumns(picture, columns), rows, size.width), size.channels);
}

/** Which old pixels make a new one, and how much of it each. */
interface Window {
  readonly first: number;
  readonly shares: readonly number[];
}

/** The windows of the middle `size` of a side's pixels, when the side is scaled by `scale`. */
function windows(side: number, size: number, scale: number): readonly Window[] {
  const scaled = Math.max(size, Math.round(side * scale));
  const step = side / scaled;
  const reach = Math.max(1, step);
  const before = Math.round((scaled - size) / 2);
  return Array.from({ length: size }, (_, i) => {
    const centre = (before + i + 0.5) * step;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(side, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, j) =>
      Math.max(0, 1 - Math.abs(first + j + 0.5 - centre) / reach),
    );
    const sum = raw.reduce((total, share) => total + share, 0);
    return { first, shares: raw.map((share) => share / sum) };
  });
}

const COLOURS = 3;

/** Every row of the picture with the new columns, [height, columns, 3]. */
function blendColumns(
  { width, height, data }: DecodedPicture,
  columns: readonly Window[],
): Float32Array {
  const blended = new Float32Array(height * columns.length * COLOURS);
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (const { first, shares } of columns) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let from = (row * width + first) * 4;
      for (const share of shares) {
        red += share * data[from]!;
        green += share * data[from + 1]!;
        blue += share * data[from + 2]!;
        from += 4;
      }
      blended[to++] = red;
      blended[to++] = green;
      blended[to++] = blue;
    }
  }
  return blended;
}

/** The new rows, [rows, columns, 3], as bytes. */
function blendRows(blended: Float32Array, rows: readonly Window[], columns: number): Uint8Array {
  const stride = columns * COLOURS;
  const bytes = new Uint8Array(rows.length * stride);
  const sums = new Float64Array(stride);
  rows.forEach(({ first, shares }, row) => {
    sums.fill(0);
    shares.forEach((share, j) => {
      const from = (first + j) * stride;
      for (let i = 0; i < stride; i++) sums[i]! += share * blended[from + i]!;
    });
    for (let i = 0; i < stride; i++) bytes[row * stride + i] = Math.round(sums[i]!);
  });
  return bytes;
}

function inChannels(colours: Uint8Array, channels: number): Uint8Array {
  if (channels === COLOURS) return colours;
  return Uint8Array.from({ length: colours.length / COLOURS }, (_, i) => {
    const [red, green, blue] = colours.subarray(COLOURS * i, COLOURS * (i + 1));
    return Math.round(0.299 * red! + 0.587 * green! + 0.114 * blue!);
  });
}
