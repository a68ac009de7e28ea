import { expect, test } from 'vitest';
import { imageSource, labelledImages } from '../../src/data/images.js';
import { someImages } from './idx-files.js';

test('images and labels are joined, and two sets make a source', () => {
  const images = someImages(2, 3, 5);
  const train = labelledImages(images, Uint8Array.of(3, 4), 'train');
  expect(train).toEqual({ ...images, labels: Uint8Array.of(3, 4) });
  const test = labelledImages(someImages(1, 3, 5), Uint8Array.of(9), 'test');
  expect(imageSource('tiny', train, test)).toEqual({ name: 'tiny', train, test });
});

test.each([
  [2, 3, 5, 3, 'The test set has 2 images but 3 labels'],
  [0, 3, 5, 0, 'The test set has 0 images of 3 × 5 pixels'],
  [1, 0, 5, 1, 'The test set has 1 images of 0 × 5 pixels'],
  [1, 3, 0, 1, 'The test set has 1 images of 3 × 0 pixels'],
])('%i images of %i × %i with %i labels are refused', (count, rows, columns, labels, message) => {
  expect(() =>
    labelledImages(someImages(count, rows, columns), new Uint8Array(labels), 'test'),
  ).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringContaining(message) }),
  );
});

test.each([
  [5, 3],
  [3, 4],
])('train images of 3 × 5 and test images of %i × %i are refused', (rows, columns) => {
  const label = Uint8Array.of(1);
  const train = labelledImages(someImages(1, 3, 5), label, 'train');
  const test = labelledImages(someImages(1, rows, columns), label, 'test');
  expect(() => imageSource('tiny', train, test)).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringMatching(`tiny .* 3 × 5 .* ${rows} × ${columns}`),
    }),
  );
});
