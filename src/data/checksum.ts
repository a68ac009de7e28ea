import { crc32 } from '../crc32.js';
import type { LabelledImages } from './images.js';

/**
 * The CRC-32 of all pixels and then all labels, a byte each, as 8 hexadecimal digits. It tells
 * mistaken images from the right ones; it is no guard against forged ones.
 */
export function imagesChecksum({ pixels, labels }: LabelledImages): string {
  return crc32(pixels, labels).toString(16).padStart(8, '0');
}
