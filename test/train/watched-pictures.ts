import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StreamedPictures } from '../../src/data/pictures.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Streamed pictures that see how many of their pictures are in memory whenever some have been read. */
export function watchedPictures(pictures: StreamedPictures): {
  readonly pictures: StreamedPictures;
  readonly most: () => number;
} {
  const given: { readonly pixels: WeakRef<Uint8Array>; readonly count: number }[] = [];
  let most = 0;
  const read = async (indices: ArrayLike<number>) => {
    const pixels = await pictures.read(indices);
    given.push({ pixels: new WeakRef(pixels), count: indices.length });
    // What was looked at in this turn of the event loop is kept to its end.
    await turn();
    collectGarbage();
    const alive = given.filter((own) => own.pixels.deref());
    most = Math.max(
      most,
      alive.reduce((sum, { count }) => sum + count, 0),
    );
    return pixels;
  };
  return { pictures: { ...pictures, read }, most: () => most };
}
