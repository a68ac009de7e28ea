import { EspalierError, errorMessage } from '../errors.js';
import { isLitter } from './litter.js';
import {
  bytesOfPicture,
  type PictureSize,
  type Pictures,
  type StreamedPictures,
} from './pictures.js';
import { type DecodedPicture, fitPicture } from './resize.js';

/** What lies in a folder of pictures, by paths within it that are parted by '/'. */
export interface PictureListing {
  readonly pictures: readonly { readonly path: string; readonly label?: number }[];
  /** Names of the folders that pictures lie in, sorted; empty where they lie in none. */
  readonly classes: readonly string[];
  /** What else lies there, which is passed over. */
  readonly ignored: readonly string[];
}

/** Where files of pictures come from: a disk, a page's file input, an archive. */
export interface PictureFiles {
  /** Names the pictures in errors. */
  readonly name: string;
  /** The bytes of the file at that path. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Rejects what is no picture: by npm packages in Node; in a page by `createImageBitmap`, which decodes
   * beside its main thread.
   */
  decode(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<DecodedPicture>;
}

const PICTURE = /\.(png|jpe?g)$/i;
/** Pictures too, which no decoder of ours reads: to pass them over would lose images. */
const OTHER_PICTURE = /\.(gif|webp|bmp|tiff?|avif|heic|ppm)$/i;

/**
 * Sorts out the files of a folder of pictures: PNG and JPEG in a folder a class, whose names sorted are
 * the classes, or all in the folder itself, unlabelled. Hidden files, what operating systems leave
 * behind and files of other kinds are passed over.
 *
 * @param paths of all files, relative to the folder.
 * @throws bad-data when there are none, some of a kind that is not read, or both
 * pictures and folders of pictures.
 */
export function listPictures(paths: readonly string[], name: string): PictureListing {
  const kept = paths.filter((path) => !isLitter(path)).toSorted();
  const unread = kept.find((path) => OTHER_PICTURE.test(path));
  if (unread !== undefined) {
    throw new EspalierError(
      'bad-data',
      `${name} has the picture ${unread}, of a kind that is not read: convert it to PNG or JPEG, or take it away.`,
    );
  }
  const files = kept.filter((path) => PICTURE.test(path));
  const ignored = paths.filter((path) => isLitter(path) || !PICTURE.test(path)).toSorted();
  if (files.length === 0) {
    throw new EspalierError(
      'bad-data',
      `${name} holds no PNG or JPEG pictures${ignored.length > 0 ? `, only ${ignored.slice(0, 5).join(', ')}${ignored.length > 5 ? ', …' : ''}` : ''}.`,
    );
  }
  const flat = files.filter((path) => !path.includes('/'));
  if (flat.length === files.length) {
    return { pictures: files.map((path) => ({ path })), classes: [], ignored };
  }
  if (flat.length > 0) {
    throw new EspalierError(
      'bad-data',
      `${name} has pictures of its own (${flat[0]}) beside folders of pictures (${files.find((path) => path.includes('/'))}): put each in the folder of its class, or all in one.`,
    );
  }
  const folderName = (path: string): string => path.slice(0, path.indexOf('/'));
  const classes = [...new Set(files.map(folderName))].toSorted();
  const labels = new Map(classes.map((folder, label) => [folder, label]));
  const pictures = files.map((path) => ({ path, label: labels.get(folderName(path))! }));
  return { pictures, classes, ignored };
}

/** As many bytes as one array holds on every platform. */
const MOST_BYTES = 2 ** 31;

/** How pictures are read. */
export interface ReadPictures {
  /** What the network takes; where it is left out, pictures must all have the size of the first. */
  readonly size?: PictureSize;
  /** Which of the pictures found, by their places among them, all by default: no others are decoded. */
  readonly choose?: (count: number) => ArrayLike<number>;
  /** The share of the shorter side that is kept, 1 by default (`fitPicture`). */
  readonly crop?: number;
  /** Told after each picture how many are done. */
  readonly onProgress?: (done: number, count: number) => void;
}

/**
 * Reads the pictures of a listing, each resized and cut to the size that a network takes.
 *
 * @throws bad-data naming the first picture that does not decode, or is of another size than it must
 *   be, or how many are too many; what `read` throws passes through.
 */
export async function readPictures(
  listing: PictureListing,
  files: PictureFiles,
  { size, choose, crop, onProgress }: ReadPictures = {},
): Promise<Pictures> {
  const { classes } = listing;
  const chosen = choose?.(listing.pictures.length) ?? listing.pictures.keys();
  const pictures = Array.from(chosen, (place) => listing.pictures[place]!);
  const first = await decodedPicture(files, pictures[0]!.path);
  const { height, width, channels } = size ?? { ...first, channels: 3 };
  const bytes = bytesOfPicture({ height, width, channels });
  const count = pictures.length;
  if (count * bytes > MOST_BYTES) {
    throw new EspalierError(
      'bad-data',
      `The ${count} pictures in ${files.name} take ${count * bytes} bytes at ${height} × ${width} pixels: give at most ${Math.floor(MOST_BYTES / bytes)} of them.`,
    );
  }
  const pixels = new Uint8Array(count * bytes);
  for (const [i, { path }] of pictures.entries()) {
    const picture = i === 0 ? first : await decodedPicture(files, path);
    if (!size) requireSameSize(picture, first, `${files.name}/${path}`);
    pixels.set(fitPicture(picture, { height, width, channels }, crop), i * bytes);
    onProgress?.(i + 1, count);
  }
  return { height, width, channels, count, pixels, ...labelling(pictures, classes) };
}

/**
 * The pictures of a listing, read when they are asked for.
 *
 * @param fitted gives the picture at a path in that size.
 */
export function streamPictures(
  { pictures: listed, classes }: PictureListing,
  { size, choose }: { readonly size: PictureSize } & Pick<ReadPictures, 'choose'>,
  fitted: (path: string) => Promise<Uint8Array>,
): StreamedPictures {
  const { height, width, channels } = size;
  const chosen = choose?.(listed.length) ?? listed.keys();
  const pictures = Array.from(chosen, (place) => listed[place]!);
  const bytes = bytesOfPicture(size);
  return {
    ...{ height, width, channels, count: pictures.length, ...labelling(pictures, classes) },
    read: async (indices) => {
      const pixels = new Uint8Array(indices.length * bytes);
      const reads = Array.from(indices, async (index, at) =>
        pixels.set(await fitted(pictures[index]!.path), at * bytes),
      );
      await Promise.all(reads);
      return pixels;
    },
  };
}

function labelling(pictures: PictureListing['pictures'], classes: readonly string[]) {
  if (classes.length === 0) return {};
  return { classes, labels: Uint32Array.from(pictures, ({ label }) => label!) };
}

function requireSameSize(picture: DecodedPicture, first: DecodedPicture, path: string): void {
  if (picture.height === first.height && picture.width === first.width) return;
  throw new EspalierError(
    'bad-data',
    `${path} is ${picture.height} × ${picture.width} pixels, the first picture ${first.height} × ${first.width}: resize them to one size.`,
  );
}

async function decodedPicture(files: PictureFiles, path: string): Promise<DecodedPicture> {
  const bytes = await files.read(path);
  try {
    return await files.decode(bytes, path);
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `${files.name}/${path} does not decode as a picture (${errorMessage(cause)}): replace it or take it away.`,
      { cause },
    );
  }
}
