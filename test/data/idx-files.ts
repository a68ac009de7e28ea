import type { Images } from '../../src/data/images.js';

/** IDX bytes written independently of the parser: big-endian words, then the body. */
export function idxBytes(
  words: readonly number[],
  body: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * words.length + body.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  bytes.set(body, 4 * words.length);
  return bytes;
}

/** `count` images whose pixels are all different for a while, and none of them symmetric. */
export function someImages(count: number, rows: number, columns: number): Images {
  const pixels = Uint8Array.from({ length: count * rows * columns }, (_, i) => (i * 37 + 11) % 256);
  return { count, rows, columns, pixels };
}

export function imagesFile({ count, rows, columns, pixels }: Images): Uint8Array<ArrayBuffer> {
  return idxBytes([0x803, count, rows, columns], pixels);
}

export function labelsFile(labels: readonly number[]): Uint8Array<ArrayBuffer> {
  return idxBytes([0x801, labels.length], labels);
}
