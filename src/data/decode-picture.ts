import { decode } from 'jpeg-js';
import { PNG } from 'pngjs';
import type { DecodedPicture } from './resize.js';

/** As jpeg-js has it by itself: ten times what cameras take. */
const MOST_PIXELS = 100e6;
/** Where a PNG says how wide and high it is: in its first chunk. */
const PNG_SIZE = 16;

/**
 * Decodes a PNG or JPEG picture (Node only; a page's browser decodes its own). Grey is repeated in red,
 * green and blue, as PyTorch's readers do; how the camera was held (EXIF) is not looked at, as there.
 *
 * @throws Error of the decoder, for what is neither, broken, or above 100 million pixels.
 */
export function decodePicture(bytes: Uint8Array): DecodedPicture {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    return decode(bytes, { useTArray: true, tolerantDecoding: false });
  }
  throw new Error('it begins neither as PNG nor as JPEG');
}

function decodePng(bytes: Uint8Array): DecodedPicture {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const size =
    buffer.length < PNG_SIZE + 8
      ? 0
      : buffer.readUInt32BE(PNG_SIZE) * buffer.readUInt32BE(PNG_SIZE + 4);
  if (size === 0 || size > MOST_PIXELS) throw new Error(`it claims ${size} pixels`);
  return PNG.sync.read(buffer);
}
