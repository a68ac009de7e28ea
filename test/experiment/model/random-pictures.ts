import { type Pictures, picturesAt, type StreamedPictures } from '../../../src/data/pictures.js';
import { randomStream } from '../../../src/random.js';

/** The size of a picture of noise. */
export const input = { channels: 3, height: 8, width: 9 };

/** Pictures of noise, without labels. */
export function randomPictures(count: number): Pictures {
  const stream = randomStream(3, 'pictures');
  const pixels = Uint8Array.from({ length: count * 8 * 9 * 3 }, () => stream.below(256));
  return { count, ...input, pixels };
}

/** The same pictures, read when they are asked for. */
export function streamed(pictures: Pictures): StreamedPictures {
  const { pixels: _, ...set } = pictures;
  return { ...set, read: async (indices) => picturesAt(pictures, indices).pixels };
}
