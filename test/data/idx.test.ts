import { expect, test } from 'vitest';
import { parseIdxImages, parseIdxLabels } from '../../src/data/idx.js';
import { EspalierError } from '../../src/errors.js';
import { idxBytes, imagesFile, labelsFile, someImages } from './idx-files.js';

test.each([
  [1, 1, 1],
  [2, 3, 5],
  [7, 28, 28],
  [3, 1, 13],
  [0, 28, 28],
])('%i images of %i × %i pixels', (count, rows, columns) => {
  const images = someImages(count, rows, columns);
  expect(parseIdxImages(imagesFile(images), 'f')).toEqual(images);
});

test('labels, and files that lie at an odd offset inside a Node Buffer', () => {
  const images = someImages(2, 3, 5);
  const file = Buffer.concat([Buffer.alloc(3), imagesFile(images), Buffer.alloc(2)]);
  const parsed = parseIdxImages(file.subarray(3, -2), 'f');
  expect(parsed).toEqual(images);
  const labels = parseIdxLabels(Buffer.from(labelsFile([5, 0, 4, 1, 9])), 'f');
  expect(labels).toEqual(Uint8Array.of(5, 0, 4, 1, 9));
  // A Buffer's slice would share memory; these must be plain arrays.
  labels.slice().fill(7);
  parsed.pixels.slice().fill(7);
  expect([labels[0], parsed.pixels[0]]).toEqual([5, 11]);
});

const IMAGES = imagesFile(someImages(2, 3, 5));
const LABELS = labelsFile([1, 2, 3]);

test.each([
  ['an empty file', new Uint8Array(0), 'offset 0, found the end of the file at offset 0'],
  ['labels', LABELS, 'at offset 0 expected the magic number 0x00000803, found 0x00000801'],
  ['a web page', new TextEncoder().encode('<!doctype html>'), 'found 0x3c21646f'],
  ['a broken header', IMAGES.subarray(0, 14), 'offset 12, found the end of the file at offset 14'],
  ['a broken body', IMAGES.subarray(0, -1), '30 bytes from offset 16, found 29'],
  ['trailing bytes', Uint8Array.of(...IMAGES, 0), '30 bytes from offset 16, found 31'],
  ['huge sizes', idxBytes([0x803, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), 'found 0'],
])('images: %s is refused', (_, bytes, message) => {
  expect(() => parseIdxImages(bytes, 'some/images')).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringMatching(new RegExp(`^some/images .*${message}`)),
    }),
  );
});

test.each([
  ['images', IMAGES, 'at offset 0 expected the magic number 0x00000801, found 0x00000803'],
  ['a broken header', LABELS.subarray(0, 7), 'offset 4, found the end of the file at offset 7'],
  ['a broken body', LABELS.subarray(0, -1), '3 bytes from offset 8, found 2'],
  ['trailing bytes', Uint8Array.of(...LABELS, 0), '3 bytes from offset 8, found 4'],
])('labels: %s is refused', (_, bytes, message) => {
  expect(() => parseIdxLabels(bytes, 'some/labels')).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringMatching(new RegExp(`^some/labels .*${message}`)),
    }),
  );
});

test.each([
  ['images', IMAGES, 16, (bytes: Uint8Array) => parseIdxImages(bytes, 'f').pixels],
  ['labels', LABELS, 8, (bytes: Uint8Array) => parseIdxLabels(bytes, 'f')],
] as const)(
  '%s: every truncation and every flipped header byte is refused, a flipped body byte is data',
  (_, file, header, parse) => {
    for (let length = 0; length < file.length; length++) {
      expect(() => parse(file.subarray(0, length))).toThrow(EspalierError);
    }
    for (let at = 0; at < file.length; at++) {
      for (let flip = 1; flip < 256; flip++) {
        const flipped = file.slice();
        flipped[at]! ^= flip;
        if (at < header) expect(() => parse(flipped)).toThrow(EspalierError);
        else expect(parse(flipped)).toEqual(flipped.subarray(header));
      }
    }
  },
);
