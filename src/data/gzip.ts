import { EspalierError, errorMessage } from '../errors.js';

/**
 * The bytes of a file that may be gzipped: decompressed when they start with gzip's 1f 8b, else as
 * they are. The checksum is checked by the platform.
 *
 * @throws EspalierError `bad-data` naming `file` when the compressed stream breaks off or is corrupt.
 */
export async function gunzipped(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(plain).arrayBuffer());
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `${file} starts as a gzip file but its ${bytes.length} bytes do not decompress (${errorMessage(cause)}): fetch it again.`,
      { cause },
    );
  }
}
