import { EspalierError } from '../errors.js';
import type { Images } from './images.js';

/**
 * Inputs X [m × d], row-major, d = rows · columns + 1, of the examples at `indices`, or of all: each
 * image's pixels / 255 divided by their Euclidean norm (an all-zero image stays zero), then a 1.
 *
 * @throws EspalierError `bad-data` when an index lies beyond the images.
 */
export function networkInputs(images: Images, indices?: Uint32Array): Float32Array<ArrayBuffer> {
  const examples = indices?.length ?? images.count;
  const size = images.rows * images.columns;
  const inputs = new Float32Array(examples * (size + 1));
  for (let row = 0, to = 0; row < examples; row++) {
    const index = indices ? indices[row]! : row;
    if (index >= images.count) {
      throw new EspalierError(
        'bad-data',
        `Example ${index} does not exist: the source has ${images.count} examples, counted from 0.`,
      );
    }
    const from = index * size;
    // The division by 255 cancels against the norm's, and the sum of squared bytes is exact.
    let squares = 0;
    for (let i = from; i < from + size; i++) squares += images.pixels[i]! ** 2;
    const norm = Math.sqrt(squares) || 1;
    for (let i = from; i < from + size; i++) inputs[to++] = images.pixels[i]! / norm;
    inputs[to++] = 1;
  }
  return inputs;
}
