import { EspalierError } from '../errors.js';
import type { Images } from './images.js';

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

/**
 * Reads an IDX image file: the big-endian words 0x00000803, count, rows and columns, then one byte a
 * pixel (LeCun, Cortes and Burges, *The MNIST database*). `pixels` is a view of `bytes`, not a copy.
 *
 * @throws EspalierError `bad-data` naming `file` and the offset when the bytes are anything else.
 */
export function parseIdxImages(bytes: Uint8Array, file: string): Images {
  checkMagic(bytes, file, IMAGES_MAGIC, 'images');
  const count = wordAt(bytes, file, 4, 'number of images');
  const rows = wordAt(bytes, file, 8, 'number of rows');
  const columns = wordAt(bytes, file, 12, 'number of columns');
  const what = `${count} images of ${rows} × ${columns} pixels`;
  return {
    count,
    rows,
    columns,
    pixels: body(bytes, file, { offset: 16, size: count * rows * columns, what }),
  };
}

/**
 * Reads an IDX label file: the big-endian words 0x00000801 and count, then one byte a label. The
 * result is a view of `bytes`, not a copy.
 *
 * @throws EspalierError `bad-data` naming `file` and the offset when the bytes are anything else.
 */
export function parseIdxLabels(bytes: Uint8Array, file: string): Uint8Array {
  checkMagic(bytes, file, LABELS_MAGIC, 'labels');
  const count = wordAt(bytes, file, 4, 'number of labels');
  return body(bytes, file, { offset: 8, size: count, what: `${count} labels` });
}

/** Bytes of an element by the type that the third byte names; others there are not. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };

const MOST_DIMENSIONS = 8;

/** The dimensions that an IDX file's first bytes tell, of whatever type: 1 of labels, 3 of images. */
export function dimensionsOfIdx(head: Uint8Array): number | undefined {
  const [one, two, type = 0, dimensions = 0] = head;
  const is = one === 0 && two === 0 && ELEMENT_BYTES[type] !== undefined;
  return is && dimensions > 0 && dimensions <= MOST_DIMENSIONS ? dimensions : undefined;
}

/** Bytes that an IDX file has by its header; of what is none, as many as are at hand. */
export function announcedBytes(head: Uint8Array): number {
  const dimensions = dimensionsOfIdx(head);
  const begin = 4 + 4 * (dimensions ?? 0);
  if (dimensions === undefined || head.length < begin) return head.length;
  const view = new DataView(head.buffer, head.byteOffset);
  let bytes = ELEMENT_BYTES[head[2]!]!;
  for (let at = 4; at < begin; at += 4) bytes *= view.getUint32(at);
  return begin + bytes;
}

function checkMagic(bytes: Uint8Array, file: string, expected: number, what: string): void {
  const found = wordAt(bytes, file, 0, 'magic number');
  if (found !== expected) {
    throw new EspalierError(
      'bad-data',
      `${file} is not an IDX file of ${what}: at offset 0 expected the magic number ${hex(expected)}, found ${hex(found)}.`,
    );
  }
}

function wordAt(bytes: Uint8Array, file: string, offset: number, what: string): number {
  if (bytes.length < offset + 4) {
    throw new EspalierError(
      'bad-data',
      `${file} breaks off: expected the ${what} in 4 bytes at offset ${offset}, found the end of the file at offset ${bytes.length}.`,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

/** All that follows the header. */
function body(
  bytes: Uint8Array,
  file: string,
  { offset, size, what }: { readonly offset: number; readonly size: number; readonly what: string },
): Uint8Array {
  const found = bytes.length - offset;
  if (found !== size) {
    throw new EspalierError(
      'bad-data',
      `${file} ${found < size ? 'breaks off' : 'is too long'}: its header announces ${what}, so expected ${size} bytes from offset ${offset}, found ${found}.`,
    );
  }
  // Not `subarray`, which keeps a Node Buffer a Buffer, whose `slice` is a view instead of a copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, size);
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}
