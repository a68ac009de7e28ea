import { type AnyPictures, bytesOfPicture, type StreamedPictures } from './pictures.js';

/** Shards that are read while one is used: with it, so many and one more are in memory. */
export const READ_AHEAD = 2;

/** The pixels of all pictures in order, `shard` pictures at a time. */
export async function* pixelsByShard(
  pictures: AnyPictures,
  shard: number,
): AsyncGenerator<Uint8Array, void> {
  const { count } = pictures;
  if ('read' in pictures) {
    yield* readAhead(
      pictures,
      Uint32Array.from({ length: count }, (_, i) => i),
      shard,
    );
    return;
  }
  const size = bytesOfPicture(pictures);
  for (let first = 0; first < count; first += shard) {
    yield pictures.pixels.subarray(first * size, Math.min(first + shard, count) * size);
  }
}

/** The pixels of the pictures at `order`, `shard` pictures at a time, the next ones being read meanwhile. */
export async function* readAhead(
  pictures: StreamedPictures,
  order: Uint32Array,
  shard: number,
): AsyncGenerator<Uint8Array, void> {
  const reading: Promise<Uint8Array>[] = [];
  let asked = 0;
  for (;;) {
    for (; reading.length <= READ_AHEAD && asked < order.length; asked += shard) {
      const pixels = pictures.read(order.subarray(asked, asked + shard));
      // One that fails is told of in its turn; until then nobody waits for it.
      pixels.catch(() => undefined);
      reading.push(pixels);
    }
    const next = reading.shift();
    if (!next) return;
    yield await next;
  }
}
