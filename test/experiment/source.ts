import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { imagesFile, labelsFile } from '../data/idx-files.js';

export interface SourceShape {
  readonly rows: number;
  readonly columns: number;
  readonly train: number;
  readonly test: number;
  readonly gzip?: boolean;
}

/** Paths of the four IDX files that `writeSource` leaves in a folder. */
export function sourceFiles(folder: string, gzip = false) {
  const path = (name: string) => join(folder, gzip ? `${name}.gz` : name);
  return {
    trainImages: path('train-images-idx3-ubyte'),
    trainLabels: path('train-labels-idx1-ubyte'),
    testImages: path('t10k-images-idx3-ubyte'),
    testLabels: path('t10k-labels-idx1-ubyte'),
  };
}

/**
 * Writes a data set that can be learnt: noise, brighter where the label says so. Every tenth image
 * is blank, as a row without a norm is a case of its own.
 */
export async function writeSource(folder: string, shape: SourceShape): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { rows, columns, gzip = false } = shape;
  let state = 12345;
  const draw = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const part = (count: number) => {
    const labels = Array.from({ length: count }, () => draw(10));
    const pixels = labels.flatMap((label, image) =>
      Array.from({ length: rows * columns }, (_, pixel) => {
        if (image % 10 === 9) return 0;
        return (pixel * 7 + label) % 10 < 3 ? 155 + draw(101) : draw(120);
      }),
    );
    return { labels, images: { count, rows, columns, pixels: Uint8Array.from(pixels) } };
  };
  const [train, test] = [part(shape.train), part(shape.test)];
  const files = sourceFiles(folder, gzip);
  const write = (file: string, bytes: Uint8Array) =>
    writeFile(file, gzip ? gzipSync(bytes) : bytes);
  await write(files.trainImages, imagesFile(train.images));
  await write(files.trainLabels, labelsFile(train.labels));
  await write(files.testImages, imagesFile(test.images));
  await write(files.testLabels, labelsFile(test.labels));
  return folder;
}
