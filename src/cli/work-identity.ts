import { crc32 } from '../crc32.js';
import type { AnyPictures } from '../data/pictures.js';
import { picturesChecksum } from '../data/read-ahead.js';
import { encodeModel, type Model } from '../experiment/model/model.js';
import { interruptSignal } from './outcome.js';
import { phaseProgress } from './progress.js';

/**
 * A checksum of all that decides what comes out: of the network, the settings and the pictures. Streamed
 * ones are decoded for it, which may take minutes: progress is shown, and Ctrl-C heard.
 *
 * @throws aborted by Ctrl-C.
 */
export async function workIdentity(
  model: Model,
  settings: readonly unknown[],
  pictures: readonly AnyPictures[],
): Promise<number> {
  const progress = phaseProgress(process.stderr);
  const { signal, release } = interruptSignal();
  const total = pictures.reduce((sum, { count }) => sum + count, 0);
  const checksums: string[] = [];
  let before = 0;
  try {
    for (const set of pictures) {
      const onRead = (read: number) => progress.show('Reading', before + read, total, 'pictures');
      checksums.push(await picturesChecksum(set, { signal, onRead }));
      before += set.count;
    }
  } finally {
    progress.stop();
    release();
  }
  const text = JSON.stringify([...settings, ...checksums]);
  return crc32(encodeModel(model), new TextEncoder().encode(text));
}
