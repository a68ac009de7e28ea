import { EspalierError } from '../errors.js';
import { randomStream } from '../random.js';

/**
 * Draws `size` of the indices 0 … count − 1 uniformly without replacement, sorted ascending: the
 * first `size` steps of a Fisher–Yates shuffle of the seed's stream 'subset'. With one seed and one
 * count, a smaller subset is therefore part of every larger one.
 *
 * @throws EspalierError `bad-config` when size is not an integer in [1, count].
 */
export function drawSubset(count: number, size: number, seed: number): Uint32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(size) || size < 1 || size > count) {
    throw new EspalierError(
      'bad-config',
      `--examples ${size} is out of range: the source has ${count} training examples, so take an integer from 1 to ${count}.`,
    );
  }
  const stream = randomStream(seed, 'subset');
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let place = 0; place < size; place++) {
    const other = place + stream.below(count - place);
    const drawn = order[other]!;
    order[other] = order[place]!;
    order[place] = drawn;
  }
  return order.slice(0, size).sort();
}
