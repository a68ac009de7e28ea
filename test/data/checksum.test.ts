import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { imagesChecksum } from '../../src/data/images.js';

test.each([
  [1, 1, 1],
  [5, 3, 7],
  [300, 28, 28],
])("%i images of %i × %i: zlib's CRC-32 of the pixels and the labels", (count, rows, columns) => {
  const pixels = Uint8Array.from({ length: count * rows * columns }, (_, i) => (i * 73) % 251);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const expected = crc32(Buffer.concat([pixels, labels]));
  const found = imagesChecksum({ count, rows, columns, pixels, labels });
  expect(found).toMatch(/^[0-9a-f]{8}$/);
  expect(Number.parseInt(found, 16)).toBe(expected);
});
