import { type Pictures, type Preprocessing, picturesAt } from '../../src/data/pictures.js';
import { randomStream } from '../../src/random.js';
import type { ReferenceMaps } from '../../src/reference/network.js';

/** Square pictures in colour, every byte drawn by lot. */
export function drawPictures(count: number, size: number, seed: number): Pictures {
  const stream = randomStream(seed, 'pictures');
  const pixels = Uint8Array.from({ length: count * size * size * 3 }, () => stream.below(256));
  return { count, height: size, width: size, channels: 3, pixels };
}

/** The first so many pictures as float64 reads them. */
export function referencePictures(
  {
    calibration,
    preprocessing: { mean, deviation },
  }: { readonly calibration: Pictures; readonly preprocessing: Preprocessing },
  most: number,
): ReferenceMaps {
  const first = Array.from({ length: most }, (_, picture) => picture);
  const { count, height, width, channels, pixels } = picturesAt(calibration, first);
  const size = height * width;
  const data = new Float64Array(pixels.length);
  pixels.forEach((byte, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    const place = (Math.floor(pixel / size) * channels + channel) * size + (pixel % size);
    data[place] = (byte / 255 - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
  });
  return { images: count, height, width, channels, data };
}
