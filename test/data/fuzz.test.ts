import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseCifar10 } from '../../src/data/cifar10.js';
import { parseCsv } from '../../src/data/csv.js';
import { gunzipped } from '../../src/data/gzip.js';
import { announcedBytes, parseIdxImages, parseIdxLabels } from '../../src/data/idx.js';
import type { Images } from '../../src/data/images.js';
import { decodeNpy } from '../../src/data/npy.js';
import { fuzz, truncate } from '../fuzz.js';
import { imagesFile, labelsFile, someImages } from './idx-files.js';

const text = (content: string) => new TextEncoder().encode(content);

/** As many pixels as it says, and none of another file. */
function requireWhole({ count, rows, columns, pixels }: Images): void {
  expect(pixels).toHaveLength(count * rows * columns);
}

test('IDX images', () => {
  const bytes = imagesFile(someImages(3, 4, 5));
  fuzz(bytes, parseIdxImages, requireWhole);
  truncate(bytes, parseIdxImages);
});

test('IDX labels', () => {
  const bytes = labelsFile([5, 0, 4, 1, 9]);
  fuzz(bytes, parseIdxLabels, (labels, mutant) => expect(labels).toHaveLength(mutant.length - 8));
  truncate(bytes, parseIdxLabels);
});

test('gzip: what is read is what was packed', () => {
  const plain = imagesFile(someImages(3, 4, 5));
  const read = (bytes: Uint8Array<ArrayBuffer>, file: string) =>
    bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipped(bytes, file, announcedBytes) : undefined;
  fuzz(new Uint8Array(gzipSync(plain)), read, (unpacked) => {
    // Members may be doubled, and a file of no member is empty.
    expect(unpacked?.subarray(0, plain.length)).toEqual(plain.subarray(0, unpacked?.length));
  });
});

test('tables', () => {
  const rows = Array.from({ length: 6 }, (_, i) => `${i},10,20,30,${40 + i}`);
  const read = (bytes: Uint8Array, file: string) => parseCsv(bytes, file).images;
  const check = (images: ReturnType<typeof read>) => {
    requireWhole(images);
    expect(images.labels.every((label) => label <= 9)).toBe(true);
  };
  fuzz(text(['label,a,b,c,d', ...rows].join('\n')), read, check);
  fuzz(text(rows.join('\r\n')), read, check);
});

test("NumPy's arrays", () => {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }\n";
  const head = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
  const bytes = Uint8Array.of(...head, ...text(header), ...someImages(2, 3, 4).pixels);
  fuzz(bytes, decodeNpy, ({ count, height, width, channels, pixels }) =>
    expect(pixels).toHaveLength(count * height * width * channels),
  );
  truncate(bytes, decodeNpy);
});

test("CIFAR-10's batches", () => {
  const bytes = new Uint8Array(2 * 3073).fill(7);
  fuzz(
    bytes,
    (mutant, file) => parseCifar10([{ file, bytes: mutant }]),
    ({ count, pixels, labels }) => {
      expect(pixels).toHaveLength(3072 * count);
      expect(labels?.every((label) => label < 10)).toBe(true);
    },
  );
});
