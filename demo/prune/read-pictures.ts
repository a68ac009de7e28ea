import {
  decodeNpy,
  EspalierError,
  fitPicture,
  gunzipped,
  listPictures,
  type PictureSize,
  type Pictures,
  parseCifar10,
  picturesAt,
  readPictures,
  requirePictures,
} from '../../src/index.js';
import { distinctDraws, randomStream } from '../../src/random.js';
import type { PathFile } from '../model/dropped.js';
import type { Progress, Thumbnail } from './protocol.js';

/** Pictures that are read at most: more make no cut better, and take long to decode. */
const MOST_READ = 2000;
/** Bytes of all pictures at most. */
const MOST_BYTES = 256 * 2 ** 20;
/** Bytes of one file at most. */
const MOST_FILE_BYTES = 2 ** 30;
/** Rows and columns of a picture that is shown, at most. */
const SHOWN_SIDE = 96;

const CIFAR = /(^|\/)(data|test)_batch[^/]*\.bin(\.gz)?$/i;

/**
 * The person's pictures as a network takes them: PNG and JPEG, decoded by the browser; an array that
 * NumPy saved; or CIFAR-10's binary files. Of many a part is drawn.
 *
 * @throws bad-data naming the file and the way out.
 */
export async function readPictureFiles(
  files: readonly PathFile[],
  size: PictureSize,
  tell: (progress: Progress) => void,
): Promise<Pictures> {
  const most = Math.max(1, Math.min(MOST_READ, Math.floor(MOST_BYTES / bytesOf(size))));
  const choose = (count: number): ArrayLike<number> =>
    count <= most
      ? Array.from({ length: count }, (_, at) => at)
      : distinctDraws(randomStream(0, 'pictures of the page'), count)(most);
  const part = (pictures: Pictures) => picturesAt(pictures, choose(pictures.count));
  const arrays = files.filter(({ path }) => /\.npy$/i.test(path));
  const [array] = arrays;
  if (array && arrays.length === files.length) {
    if (arrays.length > 1) {
      const names = arrays.map(({ path }) => path).join(', ');
      throw new EspalierError('bad-data', `One .npy is read, with all pictures in it: ${names}.`);
    }
    return part(decodeNpy(await bytesIn(array.file), array.path));
  }
  const batches = files.filter(({ path }) => CIFAR.test(path));
  if (batches.length > 0) {
    const read = batches.map(async ({ path, file }) => ({
      file: path,
      bytes: gunzipped(await bytesIn(file), path, () => MOST_BYTES),
    }));
    return part(parseCifar10(await Promise.all(read)));
  }
  const named = withoutCommonFolder(files);
  const name = 'What you gave';
  const listing = listPictures([...named.keys()], name);
  const source = {
    name,
    read: (path: string) => bytesIn(named.get(path) as File),
    decode: decodeInBrowser,
  };
  return readPictures(listing, source, {
    size,
    choose,
    onProgress: (done, count) =>
      tell({ text: `Reading pictures: ${done} of ${count}`, share: done / count }),
  });
}

/**
 * Pictures for a network: their labels only where they can be its classes. Folders are classes by
 * their names' order, which says nothing where the network has others.
 *
 * @throws bad-data where they are not of the size that the network takes.
 */
export function picturesFor(
  pictures: Pictures,
  size: PictureSize,
  classes: number,
): { readonly pictures: Pictures; readonly note?: string } {
  const { labels: _, classes: names, ...bare } = pictures;
  requirePictures(bare, size, classes);
  if (!names || names.length === classes) return { pictures };
  return {
    pictures: bare,
    note: `They are of ${names.length} classes, and the network tells ${classes} apart: their labels are not used.`,
  };
}

/** Pictures in canvas order, as small as they are shown. */
export function thumbnails(pictures: Pictures, indices: readonly number[]): readonly Thumbnail[] {
  const { height, width, channels } = pictures;
  const size = bytesOf(pictures);
  const scale = Math.min(1, SHOWN_SIDE / Math.max(height, width));
  const small = {
    height: Math.max(1, Math.round(height * scale)),
    width: Math.max(1, Math.round(width * scale)),
    channels: 3,
  };
  return indices.map((index) => {
    const own = pictures.pixels.subarray(index * size, (index + 1) * size);
    const data = new Uint8ClampedArray(4 * height * width).fill(255);
    for (let at = 0; at < height * width; at++) {
      for (let colour = 0; colour < 3; colour++) {
        data[4 * at + colour] = own[at * channels + Math.min(colour, channels - 1)] as number;
      }
    }
    return { ...small, pixels: fitPicture({ width, height, data }, small) };
  });
}

/** By the paths within what was given: one folder around all of them is no class. */
function withoutCommonFolder(files: readonly PathFile[]): ReadonlyMap<string, File> {
  const first = files[0]?.path.split('/') ?? [];
  let depth = 0;
  while (
    depth < first.length - 1 &&
    files.every(
      ({ path }) => path.split('/')[depth] === first[depth] && path.split('/').length > depth + 1,
    )
  ) {
    depth += 1;
  }
  return new Map(files.map(({ path, file }) => [path.split('/').slice(depth).join('/'), file]));
}

async function decodeInBrowser(bytes: Uint8Array<ArrayBuffer>) {
  const bitmap = await createImageBitmap(new Blob([bytes]), { premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new EspalierError('bad-data', 'This browser draws no pictures in a worker.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

function bytesOf({ height, width, channels }: PictureSize): number {
  return height * width * channels;
}

async function bytesIn(file: File): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MOST_FILE_BYTES) {
    throw new EspalierError(
      'bad-data',
      `${file.name} has ${(file.size / 1e9).toFixed(1)} GB, and this page reads files of up to ${(MOST_FILE_BYTES / 1e9).toFixed(1)} GB: give a part of its pictures.`,
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}
