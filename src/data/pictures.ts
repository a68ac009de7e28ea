import { EspalierError } from '../errors.js';

/** Rows, columns, and 3 channels of colour (red, green, blue) or 1 of grey. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What is known of pictures beside their pixels. */
export interface PictureSet extends PictureSize {
  readonly count: number;
  /** A class number each; without them pictures can calibrate and be compared, not be judged. */
  readonly labels?: Uint32Array;
  /** What the class numbers mean, where that is known. */
  readonly classes?: readonly string[];
}

/** Pictures for a convolutional network: bytes [count · height · width · channels], row-major. */
export interface Pictures extends PictureSet {
  readonly pixels: Uint8Array;
}

/** Pictures that are read when they are asked for, since all of them would take too much memory. */
export interface StreamedPictures extends PictureSet {
  /** The pixels of the pictures at `indices`, in their order. Several reads may be under way at once. */
  readonly read: (indices: ArrayLike<number>) => Promise<Uint8Array>;
}

/** Pictures in memory, or read when they are asked for. */
export type AnyPictures = Pictures | StreamedPictures;

/** A dataset of pictures: what may be trained on, and what only measures; both the same where it is not divided. */
export interface PictureSource<Some extends AnyPictures = Pictures> {
  readonly name: string;
  readonly train: Some;
  readonly test: Some;
  /** What else was found there, and passed over. */
  readonly ignored: readonly string[];
}

/** What a network expects of a pixel, by channel: (pixel / 255 − mean) / deviation. */
export interface Preprocessing {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Preprocessings by their usual names. `bytes` leaves pixels the numbers from 0 to 255. */
export const PREPROCESSINGS = {
  cifar10: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.247, 0.2435, 0.2616] },
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  unit: { mean: [0, 0, 0], deviation: [1, 1, 1] },
  bytes: { mean: [0, 0, 0], deviation: [1 / 255, 1 / 255, 1 / 255] },
} as const satisfies Readonly<Record<string, Preprocessing>>;

/** Bytes of one picture. */
export function bytesOfPicture({ height, width, channels }: PictureSize): number {
  return height * width * channels;
}

/** The pictures at `indices`, in their order. */
export function picturesAt(pictures: Pictures, indices: ArrayLike<number>): Pictures;
export function picturesAt(pictures: AnyPictures, indices: ArrayLike<number>): AnyPictures;
export function picturesAt(pictures: AnyPictures, indices: ArrayLike<number>): AnyPictures {
  const { labels } = pictures;
  const own = {
    count: indices.length,
    ...(labels && { labels: Uint32Array.from(indices, (index) => labels[index] as number) }),
  };
  if ('read' in pictures) {
    const { read } = pictures;
    return {
      ...pictures,
      ...own,
      read: (places) => read(Array.from(places, (place) => indices[place] as number)),
    };
  }
  const size = bytesOfPicture(pictures);
  const pixels = new Uint8Array(indices.length * size);
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] as number;
    pixels.set(pictures.pixels.subarray(index * size, (index + 1) * size), at * size);
  }
  return { ...pictures, ...own, pixels };
}

/** The first so many pictures. */
export function firstPictures(pictures: Pictures, count: number): Pictures;
export function firstPictures(pictures: AnyPictures, count: number): AnyPictures;
export function firstPictures(pictures: AnyPictures, count: number): AnyPictures {
  if ('read' in pictures)
    return picturesAt(
      pictures,
      Array.from({ length: count }, (_, i) => i),
    );
  const { pixels, labels } = pictures;
  return {
    ...pictures,
    count,
    pixels: pixels.subarray(0, count * bytesOfPicture(pictures)),
    ...(labels && { labels: labels.subarray(0, count) }),
  };
}

/**
 * @throws bad-data when the pictures are not of the size that a network takes, or their labels not of
 *   the classes that it tells apart.
 */
export function requirePictures(pictures: PictureSet, size: PictureSize, classes: number): void {
  if (pictures.channels !== size.channels) {
    throw new EspalierError(
      'bad-data',
      `The network takes pictures ${colours(size)}; these are ${colours(pictures)}: ${pictures.channels < size.channels ? 'repeat the grey in three channels, or take another network' : 'take another network'}.`,
    );
  }
  if (pictures.height !== size.height || pictures.width !== size.width) {
    throw new EspalierError(
      'bad-data',
      `The network takes pictures of ${size.height} × ${size.width} pixels; these have ${pictures.height} × ${pictures.width}: resize them, or take another network.`,
    );
  }
  const outside = pictures.labels?.findIndex((label) => label >= classes) ?? -1;
  if (outside < 0) return;
  throw new EspalierError(
    'bad-data',
    `Picture ${outside} has the label ${pictures.labels?.[outside]}, but the network tells ${classes} classes apart, numbered from 0.`,
  );
}

function colours({ channels }: PictureSize): string {
  return channels === 1 ? 'in grey' : `with ${channels} channels`;
}
