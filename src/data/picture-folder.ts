import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { CIFAR10_FILES, parseCifar10 } from './cifar10.js';
import { decodePicture } from './decode-picture.js';
import { decodeNpy } from './npy.js';
import {
  listPictures,
  type PictureFiles,
  type ReadPictures,
  readPictures,
} from './picture-files.js';
import { type PictureSource, type Pictures, picturesAt } from './pictures.js';

/**
 * Reads a dataset of pictures from disk (Node only). `path` is
 * - a folder with CIFAR-10's binary files: `test_batch.bin` and those of `data_batch_1.bin` to
 *   `data_batch_5.bin` that are there, in it or in its folder `cifar-10-batches-bin`;
 * - a folder of PNG or JPEG pictures, in a folder a class or all in one, unlabelled; where it is divided
 *   into `train` and `test` (or `val`), each of them is such a folder;
 * - a file `.npy` of the shape [n, height, width, channels], bytes, unlabelled.
 *
 * @throws bad-data naming the folder or file that is missing or malformed.
 */
export async function readPictureSource(
  path: string,
  options: ReadPictures = {},
): Promise<PictureSource> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new EspalierError('bad-data', `${path} cannot be read: ${errorMessage(cause)}.`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    return undivided(path, chosenPictures(decodeNpy(await readFile(path), path), options));
  }
  const names = await readdir(path);
  if (names.includes('cifar-10-batches-bin')) {
    return readPictureSource(join(path, 'cifar-10-batches-bin'), options);
  }
  const batches = [...CIFAR10_FILES.train, ...CIFAR10_FILES.test];
  if (batches.some((name) => names.includes(name))) return readCifar10(path, names, options);
  return readPictureFolder(path, names, options);
}

function undivided(
  name: string,
  pictures: Pictures,
  ignored: readonly string[] = [],
): PictureSource {
  return { name, train: pictures, test: pictures, ignored };
}

function chosenPictures(pictures: Pictures, { choose }: ReadPictures): Pictures {
  return choose ? picturesAt(pictures, choose(pictures.count)) : pictures;
}

async function readCifar10(
  folder: string,
  names: readonly string[],
  options: ReadPictures,
): Promise<PictureSource> {
  const read = async (wanted: readonly string[]): Promise<Pictures | undefined> => {
    const there = wanted.filter((name) => names.includes(name)).map((name) => join(folder, name));
    if (there.length === 0) return undefined;
    const files = there.map(async (file) => ({ file, bytes: await readFile(file) }));
    return chosenPictures(parseCifar10(await Promise.all(files)), options);
  };
  const [train, test] = [await read(CIFAR10_FILES.train), await read(CIFAR10_FILES.test)];
  const known: readonly string[] = [...CIFAR10_FILES.train, ...CIFAR10_FILES.test];
  const ignored = names.filter((name) => !known.includes(name));
  return { name: folder, train: (train ?? test)!, test: (test ?? train)!, ignored };
}

async function readPictureFolder(
  folder: string,
  names: readonly string[],
  options: ReadPictures,
): Promise<PictureSource> {
  const test = ['test', 'val'].find((name) => names.includes(name));
  if (!names.includes('train') || test === undefined) {
    const { pictures, ignored } = await readPictureSet(folder, options);
    return undivided(folder, pictures, ignored);
  }
  const parts = [
    await readPictureSet(join(folder, 'train'), options),
    await readPictureSet(join(folder, test), options),
  ] as const;
  const [learnt, measured] = parts.map(({ pictures }) => pictures.classes?.join(', ') ?? '');
  if (learnt !== measured) {
    throw new EspalierError(
      'bad-data',
      `${folder} has other classes in train (${learnt || 'none'}) than in ${test} (${measured || 'none'}): both must have the same folders.`,
    );
  }
  const others = names.filter((name) => name !== 'train' && name !== test);
  const ignored = [...others, ...parts.flatMap((part) => part.ignored)];
  return { name: folder, train: parts[0].pictures, test: parts[1].pictures, ignored };
}

async function readPictureSet(
  folder: string,
  options: ReadPictures,
): Promise<{ pictures: Pictures; ignored: readonly string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length))
    .map((path) => path.replaceAll(sep, '/'));
  const files: PictureFiles = {
    name: folder,
    read: (path) => readFile(join(folder, path)),
    decode: async (bytes) => decodePicture(bytes),
  };
  const listing = listPictures(paths, folder);
  return { pictures: await readPictures(listing, files, options), ignored: listing.ignored };
}
