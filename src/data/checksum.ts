import type { LabelledImages } from './images.js';

/** The polynomial of CRC-32 (ISO 3309, as in gzip), its bits reversed. */
const POLYNOMIAL = 0xedb88320;

/** What is left of each value of a byte. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = (word >>> 1) ^ (word & 1 ? POLYNOMIAL : 0);
  return word;
});

/**
 * The CRC-32 of all pixels and then all labels, a byte each, as 8 hexadecimal digits. It tells
 * mistaken images from the right ones; it is no guard against forged ones.
 */
export function checksumOf({ pixels, labels }: LabelledImages): string {
  let word = 0xffffffff;
  for (const bytes of [pixels, labels]) {
    for (let i = 0; i < bytes.length; i++) {
      word = (word >>> 8) ^ REMAINDERS[(word ^ bytes[i]!) & 0xff]!;
    }
  }
  return (~word >>> 0).toString(16).padStart(8, '0');
}
