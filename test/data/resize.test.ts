import { describe, expect, test } from 'vitest';
import { type DecodedPicture, fitPicture } from '../../src/data/resize.js';
import { randomStream } from '../../src/random.js';

function somePicture(width: number, height: number, seed = 1): DecodedPicture {
  const random = randomStream(seed, 'picture');
  const data = Uint8Array.from({ length: width * height * 4 }, () => random.below(256));
  return { width, height, data };
}

/**
 * A new pixel from the definition, in two dimensions at once: the mean of all old pixels, each weighted
 * by the triangles over its distance to the new pixel's centre.
 */
function expectedPixel(
  { width, height, data }: DecodedPicture,
  { scaledWidth, scaledHeight, x, y }: Record<'scaledWidth' | 'scaledHeight' | 'x' | 'y', number>,
  colour: number,
): number {
  const triangle = (at: number, centre: number, reach: number) =>
    Math.max(0, 1 - Math.abs(at + 0.5 - centre) / reach);
  const [stepX, stepY] = [width / scaledWidth, height / scaledHeight];
  let [sum, weights] = [0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const weight =
        triangle(column, (x + 0.5) * stepX, Math.max(1, stepX)) *
        triangle(row, (y + 0.5) * stepY, Math.max(1, stepY));
      sum += weight * data[(row * width + column) * 4 + colour]!;
      weights += weight;
    }
  }
  return sum / weights;
}

describe('a picture resized and cut', () => {
  test.each([
    ['smaller', 13, 7, 5, 3, 1],
    ['much smaller', 64, 48, 8, 8, 1],
    ['larger', 3, 5, 17, 11, 1],
    ['wider than high', 40, 9, 6, 6, 1],
    ['higher than wide', 9, 40, 6, 6, 1],
    ['with its border left out', 32, 20, 7, 7, 0.875],
    ['from one pixel', 1, 1, 4, 3, 1],
    ['to one pixel', 11, 8, 1, 1, 1],
  ])(
    '%s: each pixel is the triangle-weighted mean around its centre',
    (_, w, h, width, height, crop) => {
      const picture = somePicture(w, h);
      const found = fitPicture(picture, { height, width, channels: 3 }, crop);
      const scale = Math.max(height / h, width / w) / crop;
      const scaledWidth = Math.round(w * scale);
      const scaledHeight = Math.round(h * scale);
      const [left, top] = [
        Math.round((scaledWidth - width) / 2),
        Math.round((scaledHeight - height) / 2),
      ];
      expect(found.length).toBe(height * width * 3);
      found.forEach((value, i) => {
        const [y, x] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width];
        const at = { scaledWidth, scaledHeight, x: x + left, y: y + top };
        // Rounding to a byte, and float32 between the two directions.
        expect(Math.abs(value - expectedPixel(picture, at, i % 3))).toBeLessThanOrEqual(0.5 + 1e-4);
      });
    },
  );

  test('of the right size stays as it is, less its opacity', () => {
    const picture = somePicture(6, 5);
    const expected = picture.data.filter((_, i) => i % 4 !== 3);
    expect(fitPicture(picture, { height: 5, width: 6, channels: 3 })).toEqual(expected);
  });

  test("is enlarged as Pillow's BILINEAR does", () => {
    const data = Uint8Array.of(0, 0, 0, 255, 255, 255, 255, 255);
    const found = fitPicture({ width: 2, height: 1, data }, { height: 2, width: 4, channels: 1 });
    expect([...found]).toEqual([0, 64, 191, 255, 0, 64, 191, 255]);
  });

  test('in one channel is its luma', () => {
    const data = Uint8Array.of(255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9, 7, 7, 7, 9);
    const found = fitPicture({ width: 2, height: 2, data }, { height: 2, width: 2, channels: 1 });
    expect([...found]).toEqual([76, 150, 29, 7]);
  });
});
