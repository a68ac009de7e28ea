import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { CIFAR10_FILES, parseCifar10 } from './cifar10.js';
import { decodePicture } from './decode-picture.js';
import { decodeNpy } from './npy.js';
import type { PictureDecoder } from './picture-decoder.js';
import {
  listPictures,
  type PictureFiles,
  type ReadPictures,
  readPictures,
  streamPictures,
} from './picture-files.js';
import {
  type AnyPictures,
  bytesOfPicture,
  type PictureSize,
  type PictureSource,
  type Pictures,
  picturesAt,
} from './pictures.js';

/** How folders that are too large to hold are read. */
export interface StreamPictures {
  readonly decoder: PictureDecoder;
  /** Bytes of pixels above which a folder's pictures are decoded when they are asked for. */
  readonly above: number;
}

type ReadOptions = ReadPictures & { readonly stream?: StreamPictures };

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
export function readPictureSource(
  path: string,
  options: ReadPictures = {},
): Promise<PictureSource> {
  return readSource(path, options);
}

/**
 * The same, but that a folder of PNG or JPEG pictures is not held where it is too large. A picture in it
 * that does not decode is refused when it is asked for.
 *
 * @throws as `readPictureSource` does.
 */
export function readStreamedSource(
  path: string,
  size: PictureSize,
  stream: StreamPictures,
): Promise<PictureSource<AnyPictures>> {
  return readSource(path, { size, stream });
}

async function readSource(path: string, options: ReadPictures): Promise<PictureSource>;
async function readSource(path: string, options: ReadOptions): Promise<PictureSource<AnyPictures>>;
async function readSource(path: string, options: ReadOptions): Promise<PictureSource<AnyPictures>> {
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
    return readSource(join(path, 'cifar-10-batches-bin'), options);
  }
  const batches = [...CIFAR10_FILES.train, ...CIFAR10_FILES.test];
  if (batches.some((name) => names.includes(name))) return readCifar10(path, names, options);
  return readPictureFolder(path, names, options);
}

function undivided<Some extends AnyPictures>(
  name: string,
  pictures: Some,
  ignored: readonly string[] = [],
): PictureSource<Some> {
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
  options: ReadOptions,
): Promise<PictureSource<AnyPictures>> {
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
  options: ReadOptions,
): Promise<{ pictures: AnyPictures; ignored: readonly string[] }> {
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
  const { ignored } = listing;
  const { size, choose, crop, stream } = options;
  const count = choose?.(listing.pictures.length).length ?? listing.pictures.length;
  if (stream && size && count * bytesOfPicture(size) > stream.above) {
    const fitted = (path: string) => stream.decoder.decode(join(folder, path), size, crop);
    return {
      pictures: streamPictures(listing, { size, ...(choose && { choose }) }, fitted),
      ignored,
    };
  }
  return { pictures: await readPictures(listing, files, options), ignored };
}
