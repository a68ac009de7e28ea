import { crc32 } from '../crc32.js';
import { EspalierError } from '../errors.js';

/** `count` grey images of rows × columns bytes each, one after another, row by row. */
export interface Images {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
}

/** Images with one label, a class number, each. */
export interface LabelledImages extends Images {
  readonly labels: Uint8Array;
}

/** A data set: what may be trained on, and what only measures. */
export interface ImageSource {
  readonly name: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Paths of files that lie there too and were not read. */
  readonly ignored?: readonly string[];
  /** Whether the test set is a part of what was one set. */
  readonly heldOut?: boolean;
}

/**
 * Joins images and their labels; `part` ('train', 'test') names them in errors.
 *
 * @throws EspalierError `bad-data` when the two counts differ, or there are no images or no pixels.
 */
export function labelledImages(images: Images, labels: Uint8Array, part: string): LabelledImages {
  const { count, rows, columns } = images;
  if (count !== labels.length) {
    throw new EspalierError(
      'bad-data',
      `The ${part} set has ${count} images but ${labels.length} labels: the two files do not belong together.`,
    );
  }
  if (count < 1 || rows < 1 || columns < 1) {
    throw new EspalierError(
      'bad-data',
      `The ${part} set has ${count} images of ${rows} × ${columns} pixels: at least one of each is needed.`,
    );
  }
  return { ...images, labels };
}

/** The images at `indices`, in their order. */
export function imagesAt(images: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const size = images.rows * images.columns;
  const count = indices.length;
  const pixels = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const index = indices[row]!;
    pixels.set(images.pixels.subarray(index * size, (index + 1) * size), row * size);
    labels[row] = images.labels[index]!;
  }
  return { ...images, count, pixels, labels };
}

/**
 * Joins a training and a test set.
 *
 * @throws EspalierError `bad-data` when their images differ in size, or all to train on have one label:
 *   then labels were read from the wrong place, or nothing can be learnt.
 */
export function imageSource(
  name: string,
  train: LabelledImages,
  test: LabelledImages,
): ImageSource {
  if (train.rows !== test.rows || train.columns !== test.columns) {
    throw new EspalierError(
      'bad-data',
      `In ${name} the train images are ${train.rows} × ${train.columns} pixels and the test images ${test.rows} × ${test.columns}: both sets must have one size.`,
    );
  }
  const [label, another] = labelsIn(train);
  if (another === undefined && train.count > 1) {
    throw new EspalierError(
      'bad-data',
      `The labels of the train images in ${name} are all ${label}: expected several. Nothing is learnt from one class.`,
    );
  }
  return { name, train, test };
}

/** The labels that occur, ascending. */
export function labelsIn({ labels }: LabelledImages): readonly number[] {
  return [...new Set(labels)].toSorted((a, b) => a - b);
}

/**
 * The CRC-32 of all pixels and then all labels, a byte each, as 8 hexadecimal digits. It tells
 * mistaken images from the right ones; it is no guard against forged ones.
 */
export function imagesChecksum({ pixels, labels }: LabelledImages): string {
  return crc32(pixels, labels).toString(16).padStart(8, '0');
}
