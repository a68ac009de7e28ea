import {
  announcedBytes,
  EspalierError,
  gunzipped,
  type ImageSource,
  imageSource,
  labelledImages,
  parseIdxImages,
  parseIdxLabels,
  readImageFiles,
} from '../../src/index.js';

const NAMES = { train: 'train', test: 't10k' } as const;
type Part = keyof typeof NAMES;

/** Files of a data set: images and labels, for training and for testing. */
const FILES = 4;

/** Whether all of MNIST lies beside this page: it is offered only where it is. */
export async function offersFull(): Promise<boolean> {
  try {
    const response = await fetch(new URL('data/sets.json', document.baseURI));
    const sets: unknown = await response.json();
    return Array.isArray(sets) && sets.includes('full');
  } catch {
    return false;
  }
}

/**
 * Fetches one of the data sets that are served with the page.
 *
 * @param onProgress gets the share of the bytes that have arrived, where the server gives the
 *   total.
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
        // Told earlier, the share would fall when the next file adds its size to the total.
        if (shares.size < FILES) return;
        const all = [...shares.values()];
        const sum = (key: 'done' | 'total') => all.reduce((bytes, next) => bytes + next[key], 0);
        onProgress(sum('done') / Math.max(1, sum('total')));
      }),
      file,
      announcedBytes,
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
 * A data set from the person's files: IDX files or tables as text, plain or gzipped, with or
 * without a test set.
 *
 * @throws bad-data naming the file and what is wrong with it.
 */
export function sourceOfFiles(files: readonly File[]): Promise<ImageSource> {
  const given = files.map((file) => ({
    path: file.name,
    size: file.size,
    read: async (first?: number) => new Uint8Array(await file.slice(0, first).arrayBuffer()),
  }));
  return readImageFiles(given, files[0]?.name ?? 'What was given');
}
