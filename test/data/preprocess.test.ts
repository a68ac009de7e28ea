import { expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { networkInputs } from '../../src/data/preprocess.js';
import { someImages } from './idx-files.js';

test('a row is divided by its norm and gets a 1; a zero row stays zero', () => {
  const images = { count: 2, rows: 1, columns: 3, pixels: Uint8Array.of(3, 0, 4, 0, 0, 0) };
  const [three, four] = [Math.fround(0.6), Math.fround(0.8)];
  expect([...networkInputs(images)]).toEqual([three, 0, four, 1, 0, 0, 0, 1]);
  expect([...networkInputs(images, Uint32Array.of(1, 0, 1))]).toEqual([
    ...[0, 0, 0, 1],
    ...[three, 0, four, 1],
    ...[0, 0, 0, 1],
  ]);
});

/** The definition, step by step in float64: scale, norm, divide. */
function expectedRow(pixels: Uint8Array): number[] {
  const scaled = Array.from(pixels, (pixel) => pixel / 255);
  const norm = Math.hypot(...scaled);
  return [...scaled.map((value) => (norm === 0 ? 0 : value / norm)), 1];
}

test.each([
  [3, 5],
  [1, 1],
  [28, 28],
])('images of %i × %i match the definition', (rows, columns) => {
  const images = someImages(4, rows, columns);
  const size = rows * columns;
  const inputs = networkInputs(images);
  expect(inputs.length).toBe(4 * (size + 1));
  const expected = [0, 1, 2, 3].flatMap((i) =>
    expectedRow(images.pixels.subarray(i * size, (i + 1) * size)),
  );
  // Rounding to float32 errs by at most 2^-24 of a value below 1; float64's share is far below that.
  inputs.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2 ** -24 * (1 + 2 ** -20));
  });
});

test('real MNIST rows have norm 1 and end in 1', async () => {
  const { train } = await readImageSource('mnist');
  const indices = Uint32Array.of(59_999, 0, 12_345);
  const inputs = networkInputs(train, indices);
  expect(inputs.length).toBe(3 * 785);
  indices.forEach((index, row) => {
    const values = [...inputs.subarray(row * 785, (row + 1) * 785)];
    expect(values.pop()).toBe(1);
    // Each of the 784 squares errs by 2^-24 of itself, twice over.
    expect(Math.abs(Math.hypot(...values) - 1)).toBeLessThan(2 ** -23);
    const pixels = train.pixels.subarray(index * 784, (index + 1) * 784);
    expect(values).toEqual(expectedRow(pixels).slice(0, -1).map(Math.fround));
  });
});

test('an example that does not exist is refused', () => {
  expect(() => networkInputs(someImages(2, 3, 5), Uint32Array.of(1, 2))).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringContaining('Example 2') }),
  );
});
