import { EspalierError } from '../errors.js';
import { beginsAsImages, type LabelPlace, MOST_CSV_BYTES, parseCsv } from './csv.js';
import { gunzipped, gunzippedHead } from './gzip.js';
import { holdOut } from './hold-out.js';
import { announcedBytes, dimensionsOfIdx, parseIdxImages, parseIdxLabels } from './idx.js';
import { type ImageSource, imageSource, type LabelledImages, labelledImages } from './images.js';
import { isLitter } from './litter.js';

/** A file that may hold images or labels: on a disk, in a page's file input, in an archive. */
export interface ImageFile {
  /** Within the folder, parted by '/'; the name alone where there is no folder. */
  readonly path: string;
  /** How errors call it, `path` by default. */
  readonly shown?: string;
  /** In bytes. */
  readonly size: number;
  /** All its bytes, or so many from its beginning. */
  read(first?: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The usual names of the four files. */
export const IDX_NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

/** A folder with more files is none of images and labels. */
export const MOST_FILES = 1000;

/** As many bytes as one array holds on every platform. */
const MOST_BYTES = 2 ** 31 - 1;

/** More than the heading and the first line of a table. */
const HEAD_BYTES = 32_768;

type Part = 'train' | 'test';
type Form = 'images' | 'labels' | 'table';

/** A file and what it is taken for. */
interface Judged {
  readonly file: ImageFile;
  readonly part: Part;
  readonly form: Form;
  /** By its content, not by its name alone. */
  readonly sure: boolean;
}

/**
 * Reads a data set from files among which may be others: IDX files of images and of labels, or tables
 * as text (`parseCsv`), plain or gzipped. Their first bytes tell what they hold; `t10k`, `test` or `val`
 * in a file's name, or else in its folder's, tells what to test with. Of files of one name the one in the
 * fewest folders is taken, and IDX files rather than tables beside them. Where there is one set only, a
 * fifth of it is held out to test with (`holdOut`).
 *
 * @param name of the data set.
 * @throws EspalierError `bad-data` naming the files that are missing, malformed, or too many to tell
 *   which is meant.
 */
export async function readImageFiles(
  files: readonly ImageFile[],
  name: string,
): Promise<ImageSource> {
  const judged = await judgedFiles(files, name);
  const taken = new Set<ImageFile>();
  const take = (part: Part, form: Form): ImageFile | undefined => {
    const meant = oneMeant(judged.filter((each) => each.part === part && each.form === form));
    if (meant) taken.add(meant);
    return meant;
  };
  const hasIdx = judged.some(({ form }) => form !== 'table');
  const { train, test } = hasIdx ? await readIdxParts(take, name) : await readTables(take);
  const ignored = files.filter((file) => !taken.has(file)).map(({ path }) => path);
  if (train && test) return { ...imageSource(name, train, test), ignored };
  const only = train ?? test;
  if (!only) throw noImages(files, name);
  const divided = holdOut(only);
  return { ...imageSource(name, divided.train, divided.test), ignored, heldOut: true };
}

async function judgedFiles(files: readonly ImageFile[], name: string): Promise<readonly Judged[]> {
  if (files.length > MOST_FILES) {
    throw new EspalierError(
      'bad-data',
      `${name} holds more than ${MOST_FILES} files: name the folder that holds the images.`,
    );
  }
  const judged: Judged[] = [];
  for (const file of files.filter(({ path }) => !isLitter(path))) {
    const found = await formOfFile(file, files.length === 1);
    if (found) judged.push({ file, part: partOfFile(file), ...found });
  }
  // A table of anything else is passed over, unless there is nothing but tables of anything else.
  const anySure = judged.some(({ sure }) => sure);
  return judged.filter(({ form, sure }) => sure || form !== 'table' || !anySure);
}

async function formOfFile(
  file: ImageFile,
  alone: boolean,
): Promise<Pick<Judged, 'form' | 'sure'> | undefined> {
  const head = gunzippedHead(await file.read(HEAD_BYTES), HEAD_BYTES);
  const dimensions = dimensionsOfIdx(head);
  if (dimensions !== undefined) return { form: dimensions > 1 ? 'images' : 'labels', sure: true };
  if (/(idx|ubyte)[^/]*$/i.test(file.path)) {
    return { form: /label[^/]*$/i.test(file.path) ? 'labels' : 'images', sure: false };
  }
  const named = /\.([ct]sv|txt)(\.gz)?$/i.exec(file.path)?.[1]?.toLowerCase();
  if (named === undefined) return undefined;
  if (beginsAsImages(head)) return { form: 'table', sure: true };
  return named !== 'txt' || alone ? { form: 'table', sure: false } : undefined;
}

function partOfFile({ path }: ImageFile): Part {
  const parts = path.split('/').toReversed();
  const telling = parts.find((part) => /train|t10k|test|val/i.test(part)) ?? '';
  return /(^|[^a-z])(t10k|test|val)/i.test(telling) && !/train/i.test(telling) ? 'test' : 'train';
}

/** The one of several files that is meant. @throws bad-data where that cannot be told. */
function oneMeant(candidates: readonly Judged[]): ImageFile | undefined {
  const best = candidates.some(({ sure }) => sure)
    ? candidates.filter(({ sure }) => sure)
    : candidates;
  const names = new Set(best.map(({ file }) => plainName(file)));
  const usual = IDX_NAMES.find((each) => names.has(each));
  const wanted = names.size > 1 ? usual : [...names][0];
  if (wanted === undefined && names.size > 1) {
    const shown = best.map(({ file }) => shownName(file)).join(', ');
    throw new EspalierError(
      'bad-data',
      `Each of ${shown} could be the ${best[0]?.form} to ${best[0]?.part} with: keep one of them, or name a folder with one alone.`,
    );
  }
  const depth = ({ path }: ImageFile) => path.split('/').length + (/\.gz$/i.test(path) ? 0.5 : 0);
  return best
    .map(({ file }) => file)
    .filter((file) => plainName(file) === wanted)
    .toSorted((one, other) => depth(one) - depth(other))[0];
}

/** `train-images-idx3-ubyte` for all its spellings. */
function plainName({ path }: ImageFile): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return name
    .replace(/\.gz$/, '')
    .replace(/\.idx$/, '')
    .replace('.idx', '-idx');
}

type Take = (part: Part, form: Form) => ImageFile | undefined;
type Parts = { readonly [Name in Part]: LabelledImages | undefined };

async function readIdxParts(take: Take, name: string): Promise<Parts> {
  const read = async (part: Part): Promise<LabelledImages | undefined> => {
    const [images, labels] = [take(part, 'images'), take(part, 'labels')];
    if (!images && !labels) return undefined;
    if (!images || !labels) {
      const [there, missing] = images ? ['images', 'labels'] : ['labels', 'images'];
      const wanted = IDX_NAMES.find((each) =>
        each.startsWith(`${part === 'train' ? 'train' : 't10k'}-${missing}`),
      );
      throw new EspalierError(
        'bad-data',
        `The ${part} set in ${name} has ${there} but no ${missing}: expected a file such as ${wanted}, plain or .gz.`,
      );
    }
    const [pixels, classes] = [await readWhole(images), await readWhole(labels)];
    return labelledImages(
      parseIdxImages(gunzipped(pixels, shownName(images), announcedBytes), shownName(images)),
      parseIdxLabels(gunzipped(classes, shownName(labels), announcedBytes), shownName(labels)),
      part,
    );
  };
  return { train: await read('train'), test: await read('test') };
}

async function readTables(take: Take): Promise<Parts> {
  let place: LabelPlace | undefined;
  const read = async (part: Part): Promise<LabelledImages | undefined> => {
    const file = take(part, 'table');
    if (!file) return undefined;
    const bytes = gunzipped(await readWhole(file), shownName(file), () => MOST_CSV_BYTES);
    const table = parseCsv(bytes, shownName(file), place);
    place = table.place;
    return table.images;
  };
  return { train: await read('train'), test: await read('test') };
}

function readWhole(file: ImageFile): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size <= MOST_BYTES) return file.read();
  throw new EspalierError(
    'bad-data',
    `${shownName(file)} has ${file.size} bytes, more than the ${MOST_BYTES} that are read at most.`,
  );
}

function noImages(files: readonly ImageFile[], name: string): EspalierError {
  const expected = `expected IDX files, such as ${IDX_NAMES.join(', ')}, plain or .gz, or a .csv with a label and the pixels on each line`;
  const [only] = files;
  if (only && files.length === 1) {
    const zip = /\.zip$/i.test(only.path) ? ' (unpack a .zip first)' : '';
    return new EspalierError(
      'bad-data',
      `${shownName(only)} is neither an IDX file nor a CSV${zip}: ${expected}.`,
    );
  }
  const some = files.slice(0, 5).map(({ path }) => path);
  const found = [...some, ...(files.length > some.length ? ['…'] : [])].join(', ') || 'nothing';
  return new EspalierError(
    'bad-data',
    `${name} holds no images with labels: ${expected}; found ${found}.`,
  );
}

function shownName({ path, shown = path }: ImageFile): string {
  return shown;
}
