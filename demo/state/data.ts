import { imagesAt } from '../../src/data/images.js';
import {
  EspalierError,
  gunzipped,
  type ImageSource,
  imageSource,
  type LabelledImages,
  labelledImages,
  parseIdxImages,
  parseIdxLabels,
} from '../../src/index.js';
import { parseCsv } from '../model/csv.js';

const NAMES = { train: 'train', test: 't10k' } as const;
type Part = keyof typeof NAMES;

/** Images and labels, to train and to test with. */
const FILES = 4;

/** One image in this many is held back for testing where no test set came along. */
const TEST_SHARE = 5;

/**
 * Fetches one of the sets that lie beside the page.
 *
 * @param onProgress is told the share of the bytes that have come, where the server says how many.
 * @throws bad-data when the set does not lie there, or does not arrive whole.
 */
export async function fetchSource(
  set: 'small' | 'full',
  onProgress: (share: number) => void,
): Promise<ImageSource> {
  const shares = new Map<string, { done: number; total: number }>();
  const load = async (name: string) => {
    const file = `data/${set}/${name}.gz`;
    return gunzipped(
      await download(file, (done, total) => {
        shares.set(name, { done, total });
        // Before the last of them says how large it is, the share would fall again.
        if (shares.size < FILES) return;
        const all = [...shares.values()];
        const sum = (key: 'done' | 'total') => all.reduce((bytes, next) => bytes + next[key], 0);
        onProgress(sum('done') / Math.max(1, sum('total')));
      }),
      file,
    );
  };
  const part = async (which: Part) => {
    const [images, labels] = await Promise.all([
      load(`${NAMES[which]}-images-idx3-ubyte`),
      load(`${NAMES[which]}-labels-idx1-ubyte`),
    ]);
    const name = `data/${set}/${NAMES[which]}`;
    return labelledImages(parseIdxImages(images, name), parseIdxLabels(labels, name), which);
  };
  const [train, test] = await Promise.all([part('train'), part('test')]);
  return imageSource('MNIST', train, test);
}

async function download(
  file: string,
  onProgress: (done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(file, document.baseURI)).catch((cause: unknown) => {
    throw new EspalierError('bad-data', `${file} could not be fetched: are you offline?`, {
      cause,
    });
  });
  if (!response.ok || !response.body) {
    throw new EspalierError(
      'bad-data',
      `${file} does not lie beside this page (the server answered ${response.status}). Choose the built-in digits, or bring the four IDX files yourself.`,
    );
  }
  const total = Number(response.headers.get('Content-Length'));
  const parts: BlobPart[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done: ended, value } = await reader.read();
    if (ended) break;
    parts.push(value);
    done += value.length;
    onProgress(done, Math.max(total, done));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * A data set from files that a person brings: one CSV (a label and the pixels on each line), or
 * IDX files, plain or gzipped: images and labels, with or without a test set.
 *
 * @throws bad-data naming the file and what is wrong with it.
 */
export async function sourceOfFiles(files: readonly File[]): Promise<ImageSource> {
  const [first] = files;
  if (!first) throw new EspalierError('bad-data', 'No file was given.');
  if (files.length === 1 && /\.(csv|txt)$/i.test(first.name)) {
    return split(first.name, parseCsv(await first.text(), first.name));
  }
  const idx = await Promise.all(files.map(readIdx));
  const part = (which: Part): LabelledImages | undefined => {
    const own = idx.filter((file) => file.part === which);
    const images = own.find((file) => file.images)?.images;
    const labels = own.find((file) => file.labels)?.labels;
    if (!images && !labels) return undefined;
    if (!images || !labels) {
      throw new EspalierError(
        'bad-data',
        `The ${which} set has ${images ? 'images but no labels' : 'labels but no images'}: drop both IDX files at once.`,
      );
    }
    return labelledImages(images, labels, which);
  };
  const train = part('train');
  const test = part('test');
  if (train && test) return imageSource(first.name, train, test);
  const only = train ?? test;
  if (!only) throw new EspalierError('bad-data', 'No file was given.');
  return split(first.name, only);
}

async function readIdx(file: File) {
  const bytes = await gunzipped(new Uint8Array(await file.arrayBuffer()), file.name);
  const part: Part = /t10k|test/i.test(file.name) ? 'test' : 'train';
  // The byte that tells images from labels: the number of dimensions.
  const images = bytes[3] === 3 ? parseIdxImages(bytes, file.name) : undefined;
  const labels = images ? undefined : parseLabels(bytes, file.name);
  return { part, images, labels };
}

function parseLabels(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 8) return parseIdxLabels(bytes, file);
  throw new EspalierError(
    'bad-data',
    `${file} is neither an IDX file nor a CSV: expected the IDX files of MNIST (plain or .gz), or one .csv with a label and the pixels on each line.`,
  );
}

function split(name: string, all: LabelledImages): ImageSource {
  if (all.count < TEST_SHARE) {
    throw new EspalierError(
      'bad-data',
      `${name} has ${all.count} images: at least ${TEST_SHARE} are needed, of which one in ${TEST_SHARE} is held back for testing.`,
    );
  }
  const indices = Array.from({ length: all.count }, (_, index) => index);
  const isTest = (index: number) => index % TEST_SHARE === TEST_SHARE - 1;
  return imageSource(
    name,
    imagesAt(
      all,
      indices.filter((index) => !isTest(index)),
    ),
    imagesAt(all, indices.filter(isTest)),
  );
}
