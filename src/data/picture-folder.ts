import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { CIFAR10_FILES, parseCifar10 } from './cifar10.js';
import type { PictureSource, Pictures } from './pictures.js';

/**
 * Reads a folder of CIFAR-10's binary files (Node only): `test_batch.bin`, and those of
 * `data_batch_1.bin` to `data_batch_5.bin` that are there.
 *
 * @throws bad-data naming the folder or file that is missing or malformed.
 */
export async function readPictureSource(folder: string): Promise<PictureSource> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new EspalierError(
      'bad-data',
      `${folder} is not a folder that can be read: ${errorMessage(cause)}.`,
      { cause },
    );
  });
  const read = async (wanted: readonly string[]): Promise<Pictures> => {
    const there = wanted.filter((name) => names.includes(name));
    if (there.length === 0) {
      throw new EspalierError(
        'bad-data',
        `${folder} has none of ${wanted.join(', ')}: expected CIFAR-10's binary files.`,
      );
    }
    const files = there.map((name) => join(folder, name));
    return parseCifar10(
      await Promise.all(files.map(async (file) => ({ file, bytes: await readFile(file) }))),
    );
  };
  return {
    name: folder,
    train: await read(CIFAR10_FILES.train),
    test: await read(CIFAR10_FILES.test),
  };
}
