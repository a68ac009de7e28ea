import type { Images } from '../../src/index.js';

/** Share of an image's side that MNIST's digits fill: 20 of 28 pixels. */
const FILL = 20 / 28;

/**
 * Brings a drawing into the form of MNIST's digits: scaled so that its longer side fills 20 of 28
 * pixels, and shifted so that its centre of mass lies in the middle (LeCun, Cortes and Burges, *The
 * MNIST database*). An empty drawing stays empty.
 *
 * @param ink [height × width] in 0 … 255.
 */
export function centred(
  ink: Uint8ClampedArray,
  width: number,
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
): Images {
  const pixels = new Uint8Array(rows * columns);
  const image = { count: 1, rows, columns, pixels };
  const box = inkBox(ink, width);
  if (!box) return image;
  const scale = Math.max(box.width / (columns * FILL), box.height / (rows * FILL));
  const left = box.x - columns * 0.5 * scale;
  const top = box.y - rows * 0.5 * scale;
  const height = ink.length / width;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = { x: left + column * scale, y: top + row * scale };
      pixels[row * columns + column] = meanInk({ ink, width, height }, from, scale);
    }
  }
  return image;
}

function inkBox(ink: Uint8ClampedArray, width: number) {
  let [left, right, top, bottom] = [Number.POSITIVE_INFINITY, -1, Number.POSITIVE_INFINITY, -1];
  let [mass, sumX, sumY] = [0, 0, 0];
  ink.forEach((value, index) => {
    if (value === 0) return;
    const x = index % width;
    const y = Math.floor(index / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    mass += value;
    sumX += value * (x + 0.5);
    sumY += value * (y + 0.5);
  });
  if (mass === 0) return undefined;
  return { width: right - left + 1, height: bottom - top + 1, x: sumX / mass, y: sumY / mass };
}

/** The mean ink over a square of the drawing. Outside the drawing there is none. */
function meanInk(
  {
    ink,
    width,
    height,
  }: { readonly ink: Uint8ClampedArray; readonly width: number; readonly height: number },
  from: { readonly x: number; readonly y: number },
  size: number,
): number {
  const steps = Math.max(1, Math.round(size));
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    for (let j = 0; j < steps; j++) {
      const x = Math.floor(from.x + ((i + 0.5) * size) / steps);
      const y = Math.floor(from.y + ((j + 0.5) * size) / steps);
      if (x >= 0 && x < width && y >= 0 && y < height) sum += ink[y * width + x] ?? 0;
    }
  }
  return Math.round(sum / steps ** 2);
}
