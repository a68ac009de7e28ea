import { runningCrc32 } from '../crc32.js';
import { throwIfAborted } from '../errors.js';
import {
  type AnyPictures,
  bytesOfPicture,
  type Pictures,
  type StreamedPictures,
} from './pictures.js';

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

/** Few pictures, all in memory. */
export async function heldPictures(pictures: AnyPictures): Promise<Pictures> {
  if (!('read' in pictures)) return pictures;
  const { read, ...set } = pictures;
  return { ...set, pixels: await read(Array.from({ length: set.count }, (_, i) => i)) };
}

/** Pictures that a checksum is added up by at once. */
const SUMMED_AT_ONCE = 128;

/**
 * The CRC-32 of all pixels and then all labels, as 8 hexadecimal digits; `imagesChecksum` of pictures.
 *
 * @param options.signal heard between shards: a large folder takes minutes to decode.
 * @param options.onRead told how many pictures have been read.
 */
export async function picturesChecksum(
  pictures: AnyPictures,
  {
    signal,
    onRead,
  }: {
    readonly signal?: AbortSignal | undefined;
    readonly onRead?: (pictures: number) => void;
  } = {},
): Promise<string> {
  const { labels = new Uint32Array() } = pictures;
  const sum = runningCrc32();
  let read = 0;
  for await (const pixels of pixelsByShard(pictures, SUMMED_AT_ONCE)) {
    throwIfAborted(signal);
    sum.add(pixels);
    read = Math.min(read + SUMMED_AT_ONCE, pictures.count);
    onRead?.(read);
  }
  sum.add(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return sum.value().toString(16).padStart(8, '0');
}
