import { Inflate } from 'pako';
import { EspalierError } from '../errors.js';

/** What is unpacked at a time: enough of any file to tell how large it is. */
const CHUNK_BYTES = 65_536;

/**
 * The bytes of a file that may be gzipped (RFC 1952): unpacked when they start with gzip's 1f 8b, else
 * as they are. All members are read, and their checksums and lengths compared, by one library
 * everywhere: platforms differ in what they make of several members.
 *
 * @param most of bytes that the whole may unpack to, given its first bytes (all, or 64 KiB). No more
 *   than that and a chunk is unpacked.
 * @throws EspalierError `bad-data` naming `file` when the stream breaks off, is corrupt or too long, or
 *   was packed twice.
 */
export function gunzipped(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  most: (head: Uint8Array) => number,
): Uint8Array<ArrayBuffer> {
  if (!isGzip(bytes)) return bytes;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let limit = 0;
  const inflate = new Inflate({ chunkSize: CHUNK_BYTES });
  inflate.onData = (chunk) => {
    if (size === 0 && isGzip(chunk)) {
      throw new EspalierError('bad-data', `${file} was packed by gzip twice: unpack it once.`);
    }
    if (size === 0) limit = most(chunk);
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) {
      throw new EspalierError(
        'bad-data',
        `${file} is too long: it unpacks to more than the ${limit} bytes that its beginning allows.`,
      );
    }
  };
  inflate.onEnd = () => undefined;
  if (!inflate.push(bytes, true)) {
    throw new EspalierError(
      'bad-data',
      `${file} starts as a gzip file but its ${bytes.length} bytes do not decompress (${inflate.msg}): it breaks off or was changed.`,
    );
  }
  const plain = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    plain.set(chunk, at);
    at += chunk.length;
  }
  return plain;
}

/**
 * What a file begins with, unpacked where it is gzipped: `count` bytes, or fewer where the beginning at
 * hand gives no more.
 */
export function gunzippedHead(beginning: Uint8Array, count: number): Uint8Array {
  if (!isGzip(beginning)) return beginning.subarray(0, count);
  let head = new Uint8Array();
  const inflate = new Inflate({ chunkSize: count });
  inflate.onData = (chunk) => {
    if (head.length === 0) head = chunk;
  };
  inflate.onEnd = () => undefined;
  inflate.push(beginning, true);
  return head;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
