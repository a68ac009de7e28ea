import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type ImageFile, readImageFiles } from '../../src/data/image-files.js';
import { idxBytes, imagesFile, labelsFile, someImages } from './idx-files.js';

const TRAIN = { ...someImages(5, 3, 2), labels: Uint8Array.of(7, 3, 0, 3, 1) };
const TEST = { ...someImages(2, 3, 2), labels: Uint8Array.of(9, 0) };
const OTHER = { ...someImages(3, 3, 2), labels: Uint8Array.of(1, 2, 3) };

const idx = (images: typeof TRAIN) => [imagesFile(images), labelsFile([...images.labels])] as const;
const [TI, TL] = idx(TRAIN);
const [VI, VL] = idx(TEST);
const PLAIN = {
  'train-images-idx3-ubyte': TI,
  'train-labels-idx1-ubyte': TL,
  't10k-images-idx3-ubyte': VI,
  't10k-labels-idx1-ubyte': VL,
};
type Contents = Readonly<Record<string, Uint8Array | string>>;

/** The usual files, each with another name or content. */
const each = (change: (name: string, bytes: Uint8Array) => [string, Uint8Array]): Contents =>
  Object.fromEntries(Object.entries(PLAIN).map(([name, bytes]) => change(name, bytes)));

function read(contents: Contents) {
  const files = Object.entries(contents).map(([path, content]): ImageFile => {
    const bytes = new Uint8Array(Buffer.from(content as Uint8Array));
    return { path, size: bytes.length, read: async (first) => bytes.slice(0, first) };
  });
  return readImageFiles(files, 'digits');
}

const square = (pixel: number) => [pixel, 250, 251, 252];
const csv = (labels: readonly number[]) =>
  ['label,a,b,c,d', ...labels.map((label, i) => [label, ...square(i)])].join('\n');

const strangers = {
  README: 'These are digits, 28, 28 of them.',
  LICENSE: 'MIT',
  'desktop.ini': '[.ShellClassInfo]',
  '__MACOSX/._train-images-idx3-ubyte': 'Mac',
  '.DS_Store': 'Mac',
  'notes.txt': 'one, two and three',
  'photo.png': '\x89PNG',
};

test.each<[string, Contents, (readonly string[])?]>([
  ['plain', PLAIN],
  ['gzipped', each((name, bytes) => [`${name}.gz`, gzipSync(bytes)])],
  ['with dots', each((name, bytes) => [name.replace('-idx', '.idx'), bytes])],
  ['in capitals', each((name, bytes) => [name.toUpperCase(), bytes])],
  ['with another ending', each((name, bytes) => [`${name}.idx`, bytes])],
  ['with names of their own', each((name, bytes) => [`my ${name.slice(0, 9)}`, bytes])],
  ['each in a folder of its name', each((name, bytes) => [`${name}/${name}`, bytes])],
  ["as torchvision's", each((name, bytes) => [`MNIST/raw/${name}`, bytes])],
  ["as EMNIST's", each((name, bytes) => [`emnist-${name.replace('t10k', 'test')}`, bytes])],
  ['in a folder a set', each((name, bytes) => [name.replace(/(t10k|train)-/, '$1/'), bytes])],
  [
    'plain and gzipped',
    { ...each((name) => [`${name}.gz`, gzipSync(Uint8Array.of(1))]), ...PLAIN },
    Object.keys(PLAIN).map((name) => `${name}.gz`),
  ],
  [
    "twice, as in Kaggle's archive",
    {
      ...each((name) => [`${name}/${name}`, Uint8Array.of(0)]),
      ...each((name, bytes) => [name.replace('-idx', '.idx'), bytes]),
    },
    Object.keys(PLAIN).map((name) => `${name}/${name}`),
  ],
  ['beside strangers', { ...strangers, ...PLAIN }, Object.keys(strangers)],
  [
    "beside tables, as Fashion-MNIST's",
    { ...PLAIN, 'fashion_train.csv': csv([1, 2]), 'fashion_test.csv': csv([1, 2]) },
    ['fashion_train.csv', 'fashion_test.csv'],
  ],
  [
    'beside another pair of another name',
    { ...PLAIN, 'emnist-train-images': idx(OTHER)[0], 'emnist-train-labels': idx(OTHER)[1] },
    ['emnist-train-images', 'emnist-train-labels'],
  ],
])('IDX files %s', async (_, contents, ignored = []) => {
  const source = await read(contents);
  expect(source).toEqual({ name: 'digits', train: TRAIN, test: TEST, ignored });
});

test.each<[string, Contents, (readonly string[])?]>([
  ['csv', { 'mnist_train.csv': csv([3, 5, 3]), 'mnist_test.csv': csv([5, 9]) }],
  ['csv.gz', { 'train.csv.gz': gzipSync(csv([3, 5, 3])), 'test.csv.gz': gzipSync(csv([5, 9])) }],
  [
    'tsv',
    {
      'train.tsv': csv([3, 5, 3]).replaceAll(',', '\t'),
      'test.tsv': csv([5, 9]).replaceAll(',', '\t'),
    },
  ],
  ['txt in folders', { 'train/a.txt': csv([3, 5, 3]), 'val/a.txt': csv([5, 9]) }],
  [
    'csv beside strangers',
    { ...strangers, 'train.csv': csv([3, 5, 3]), 'test.csv': csv([5, 9]), 'sums.csv': 'a,b\n1,2' },
    [...Object.keys(strangers), 'sums.csv'],
  ],
  [
    'the second by the first',
    { 'train.csv': csv([3, 5, 3]), 'test.csv': '5,0,250,251,252\n9,1,250,251,252' },
  ],
])('tables: %s', async (_, contents, ignored = []) => {
  const { train, test: held, ...rest } = await read(contents);
  expect([[...train.labels], [...held.labels]]).toEqual([
    [3, 5, 3],
    [5, 9],
  ]);
  expect([...held.pixels]).toEqual([...square(0), ...square(1)]);
  expect(rest).toEqual({ name: 'digits', ignored });
});

test('a set alone is divided, beside one without labels too', async () => {
  const labels = Array.from({ length: 20 }, (_, i) => i % 2);
  const unlabelled = ['a,b,c,d', ...labels.map((_, i) => square(i))].join('\n');
  const submission = 'ImageId,Label\n1,0\n2,0';
  const source = await read({
    'train.csv': csv(labels),
    'test.csv': unlabelled,
    'sample_submission.csv': submission,
  });
  expect(source).toMatchObject({
    train: { count: 16 },
    test: { count: 4 },
    heldOut: true,
    ignored: ['test.csv', 'sample_submission.csv'],
  });
  const alone = {
    't10k-images': imagesFile(someImages(10, 2, 2)),
    't10k-labels': labelsFile(labels.slice(10)),
  };
  expect(await read(alone)).toMatchObject({
    train: { count: 8 },
    test: { count: 2 },
    heldOut: true,
  });
});

const { 'train-labels-idx1-ubyte': _, ...noLabels } = PLAIN;
const page = { ...PLAIN, 'train-images-idx3-ubyte': '<!DOCTYPE html><title>404</title>' };

test.each<[string, Contents, RegExp]>([
  ['nothing', {}, /holds no images with labels.*train-images-idx3-ubyte.*found nothing/],
  ['only strangers', strangers, /found README, LICENSE, desktop\.ini, .*, …/],
  ['a picture', { 'photo.png': '\x89PNG' }, /^photo\.png is neither an IDX file nor a CSV/],
  ['an archive', { 'mnist.zip': 'PK' }, /^mnist\.zip is neither .*unpack a \.zip first/],
  ['no labels', noLabels, /train set in digits has images but no labels.*train-labels-idx1-ubyte/],
  ['a page under a good name', page, /^train-images-idx3-ubyte is not an IDX file of images/],
  ['a file cut', { ...PLAIN, 'train-images-idx3-ubyte': TI.slice(0, -1) }, /breaks off/],
  [
    'another type',
    { ...PLAIN, 'train-images-idx3-ubyte': idxBytes([0xd03, 1, 1, 1], []) },
    /0x00000d03/,
  ],
  [
    'several data sets',
    { a: csv([1]), 'emnist-a-train-images-idx3-ubyte': TI, 'emnist-b-train-images-idx3-ubyte': TI },
    /emnist-a-train-images-idx3-ubyte, emnist-b-train-images-idx3-ubyte could be the images to train/,
  ],
  ['several tables', { 'a.csv': csv([1, 2]), 'b.csv': csv([3, 4]) }, /a\.csv, b\.csv could be/],
  ['a bad table', { 'a.csv': 'label,a\n1,2' }, /^a\.csv has 2 values a line/],
  [
    'a bomb',
    { ...PLAIN, 'train-images-idx3-ubyte': gzipSync(Buffer.concat([TI, Buffer.alloc(2 ** 20)])) },
    /^train-images-idx3-ubyte is too long: it unpacks to more than the 46 bytes/,
  ],
  ['one class', { 'train.csv': csv([4, 4, 4]), 'test.csv': csv([4, 5]) }, /one class|which column/],
  [
    'one class in IDX',
    { ...PLAIN, 'train-labels-idx1-ubyte': labelsFile([3, 3, 3, 3, 3]) },
    /labels of the train images in digits are all 3/,
  ],
])('%s: refused', async (_, contents, message) => {
  await expect(read(contents)).rejects.toEqual(
    expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) }),
  );
});
