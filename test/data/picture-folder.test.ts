import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'jpeg-js';
import { PNG, type PNGOptions } from 'pngjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePicture } from '../../src/data/decode-picture.js';
import { readPictureSource } from '../../src/data/picture-folder.js';
import { EspalierError } from '../../src/errors.js';
import { fuzz } from '../fuzz.js';
import { isShared, sharedPath } from '../shared.js';

type Colour = readonly [number, number, number];

function rgba(width: number, height: number, colour: Colour): Buffer {
  return Buffer.from(Array.from({ length: width * height }, () => [...colour, 255]).flat());
}

function png(width: number, height: number, colour: Colour, options: PNGOptions = {}): Buffer {
  const picture = new PNG({ width, height });
  const bytes = rgba(width, height, colour);
  picture.data =
    options.bitDepth === 16
      ? Buffer.from(Uint16Array.from(bytes, (byte) => byte * 257).buffer)
      : bytes;
  return PNG.sync.write(picture, options);
}

function jpeg(width: number, height: number, colour: Colour): Buffer {
  return encode({ width, height, data: rgba(width, height, colour) }, 95).data;
}

const RED = [200, 30, 10] as const;
const BLUE = [10, 30, 200] as const;
const SIZE = { height: 3, width: 4, channels: 3 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-pictures-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

describe('a folder of pictures', () => {
  test('in a folder a class: labelled by the names in order, strangers passed over', async () => {
    await write({
      'dog/b.png': png(8, 6, RED),
      'dog/a/c.JPG': jpeg(16, 12, BLUE),
      'cat/1.jpeg': jpeg(4, 3, RED),
      'README.md': 'pictures',
      'dog/.DS_Store': 'x',
      'cat/Thumbs.db': 'x',
      '__MACOSX/dog/b.png': 'x',
      'cat/notes.txt': 'x',
    });
    const {
      train,
      test: measured,
      ignored,
      name,
    } = await readPictureSource(folder, { size: SIZE });
    expect(measured).toBe(train);
    expect(name).toBe(folder);
    expect(train).toMatchObject({ ...SIZE, count: 3, classes: ['cat', 'dog'] });
    expect([...train.labels!]).toEqual([0, 1, 1]);
    expect(ignored).toEqual([
      'README.md',
      '__MACOSX/dog/b.png',
      'cat/Thumbs.db',
      'cat/notes.txt',
      'dog/.DS_Store',
    ]);
    const size = 3 * 4 * 3;
    for (const [i, colour] of [RED, BLUE, RED].entries()) {
      for (let at = 0; at < size; at++) {
        expect(Math.abs(train.pixels[i * size + at]! - colour[at % 3]!)).toBeLessThanOrEqual(3);
      }
    }
  });

  test('all in one: unlabelled', async () => {
    await write({ 'b.png': png(4, 3, RED), 'a.png': png(4, 3, BLUE) });
    const { train } = await readPictureSource(folder, { size: SIZE });
    expect(train).not.toHaveProperty('labels');
    expect([...train.pixels.subarray(0, 3)]).toEqual([...BLUE]);
  });

  test('divided into train and val', async () => {
    await write({
      'train/x/1.png': png(4, 3, RED),
      'train/x/2.png': png(4, 3, RED),
      'val/x/1.png': png(4, 3, BLUE),
      'README.md': 'r',
    });
    const { train, test: measured, ignored } = await readPictureSource(folder);
    expect([train.count, measured.count, ignored]).toEqual([2, 1, ['README.md']]);
    expect([train.classes, measured.classes]).toEqual([['x'], ['x']]);
    await write({ 'val/y/1.png': png(4, 3, RED) });
    await expect(readPictureSource(folder)).rejects.toThrow('train (x) than in val (x, y)');
  });

  test('decodes no others than are chosen, and tells how far it is', async () => {
    await write({ '0.png': png(4, 3, RED), '1.png': 'broken', '2.png': png(4, 3, BLUE) });
    const told: number[][] = [];
    const { train } = await readPictureSource(folder, {
      size: SIZE,
      choose: (count) => [count - 1, 0],
      onProgress: (...figures) => told.push(figures),
    });
    expect([train.pixels[2], train.pixels[train.pixels.length - 1]]).toEqual([BLUE[2], RED[2]]);
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  test('grey and palettes become colours, 16 bits become 8, one channel becomes grey', async () => {
    await write({
      '1.png': png(4, 3, [9, 9, 9], { colorType: 0 }),
      '2.png': png(4, 3, RED, { colorType: 2 }),
      '3.png': png(4, 3, RED, { colorType: 6, bitDepth: 16 }),
    });
    const { train } = await readPictureSource(folder, { size: SIZE });
    const firsts = [0, 1, 2].map((i) => [...train.pixels.subarray(36 * i, 36 * i + 3)]);
    expect(firsts).toEqual([[9, 9, 9], [...RED], [...RED]]);
    const grey = await readPictureSource(folder, { size: { ...SIZE, channels: 1 } });
    expect(grey.train.pixels.length).toBe(3 * 12);
  });

  test.each<[string, Readonly<Record<string, Uint8Array | string>>, string]>([
    ['nothing', {}, 'holds no PNG or JPEG pictures.'],
    [
      'none',
      { 'a.txt': 'x', 'b/c.csv': 'x' },
      'holds no PNG or JPEG pictures, only a.txt, b/c.csv',
    ],
    [
      'another kind',
      { 'a.png': png(1, 1, RED), 'b.webp': 'x' },
      'has the picture b.webp, of a kind',
    ],
    [
      'both forms',
      { 'a.png': png(1, 1, RED), 'c/b.png': png(1, 1, RED) },
      '(a.png) beside folders of pictures (c/b.png)',
    ],
    ['a broken PNG', { 'c/a.png': png(9, 9, RED).subarray(0, 60) }, '/c/a.png does not decode'],
    ['a broken JPEG', { 'c/a.jpg': jpeg(9, 9, RED).subarray(0, 300) }, '/c/a.jpg does not decode'],
    [
      'a page',
      { 'c/a.jpg': '<html>' },
      'a.jpg does not decode as a picture (it begins neither as PNG nor as JPEG)',
    ],
    [
      'unequal sizes',
      { 'a.png': png(4, 3, RED), 'b.png': png(3, 4, RED) },
      '/b.png is 4 × 3 pixels, the first picture 3 × 4: resize',
    ],
  ])('with %s is refused', async (_, files, message) => {
    await write(files);
    const failure = await readPictureSource(folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EspalierError);
    expect(failure).toMatchObject({ code: 'bad-data', message: expect.stringContaining(message) });
    expect((failure as Error).message).toContain(folder);
  });

  test('that would not fit into memory says how many would', async () => {
    await write({ 'a.png': png(1, 1, RED), 'b.png': png(1, 1, RED) });
    const size = { height: 2 ** 15, width: 2 ** 15, channels: 3 };
    await expect(readPictureSource(folder, { size })).rejects.toThrow('give at most 0 of them');
  });

  test('a picture that claims to be huge is refused before memory is taken', async () => {
    const bytes = png(1, 1, RED);
    bytes.writeUInt32BE(2 ** 30, 16);
    await write({ 'a.png': bytes });
    await expect(readPictureSource(folder)).rejects.toThrow('it claims 1073741824 pixels');
  });
});

describe("CIFAR-10's folder", () => {
  const record = (label: number) => Uint8Array.from({ length: 3073 }, (_, i) => (i ? i : label));

  test('may lack files, and lie one folder deeper; strangers are passed over', async () => {
    await write({
      'cifar-10-batches-bin/test_batch.bin': record(4),
      'cifar-10-batches-bin/readme.html': 'x',
    });
    const alone = await readPictureSource(folder);
    expect(alone.train).toBe(alone.test);
    expect(alone.ignored).toEqual(['readme.html']);
    await write({
      'cifar-10-batches-bin/data_batch_2.bin': record(1),
      'cifar-10-batches-bin/data_batch_5.bin': record(2),
    });
    const { train, test: measured } = await readPictureSource(folder, {
      choose: (count) => [count - 1],
    });
    expect([[...train.labels!], [...measured.labels!]]).toEqual([[2], [4]]);
  });

  test('or file that is not there is named', async () => {
    await expect(readPictureSource(join(folder, 'none'))).rejects.toThrow(/none cannot be read/);
    await write({ 'a.txt': 'x' });
    await expect(readPictureSource(join(folder, 'a.txt'))).rejects.toThrow(/a.txt is not an array/);
  });
});

describe('a decoder', () => {
  test.each([
    ['PNG', png(5, 4, RED)],
    ['JPEG', jpeg(17, 9, BLUE)],
  ])('of %s refuses mutants with an Error, or gives whole pictures', (_, bytes) => {
    const read = (mutant: Uint8Array, file: string) => {
      try {
        return decodePicture(mutant);
      } catch (cause) {
        expect(cause).toBeInstanceOf(Error);
        throw new EspalierError('bad-data', `${file} does not decode.`, { cause });
      }
    };
    fuzz(bytes, read, ({ width, height, data }) => {
      expect(data.length).toBe(4 * width * height);
    });
  });
});

describe.skipIf(!isShared)('real images (left out where ../shared is missing)', () => {
  test('1,000 to train on and 2,000 to measure with, of all ten classes', async () => {
    const { train, test: measured } = await readPictureSource(sharedPath('data/cifar10-small'));
    expect([train.count, measured.count]).toEqual([1000, 2000]);
    expect(new Set(measured.labels).size).toBe(10);
    const bytes = await readFile(sharedPath('data/cifar10-small/test_batch.bin'));
    // The first image, a cat: its first row's first pixel and last.
    expect([measured.labels![0], measured.classes![3]]).toEqual([bytes[0], 'cat']);
    expect([...measured.pixels.subarray(0, 3)]).toEqual([bytes[1], bytes[1025], bytes[2049]]);
    expect([...measured.pixels.subarray(93, 96)]).toEqual([bytes[32], bytes[1056], bytes[2080]]);
  });
});
