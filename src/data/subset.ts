import { EspalierError } from '../errors.js';
import { distinctDraws, randomStream } from '../random.js';

/**
 * Draws `size` of the indices 0 … count − 1 uniformly without replacement, sorted ascending,
 * from the seed's stream 'subset'. With one seed and one count, a smaller subset is part of every
 * larger one.
 *
 * @throws EspalierError `bad-config` when size is not an integer in [1, count].
 */
export function drawSubset(count: number, size: number, seed: number): Uint32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(size) || size < 1 || size > count) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'examples',
      given: size,
      allowed: `a whole number from 1 to ${count}`,
      because: 'the source has no more training examples',
    });
  }
  return distinctDraws(randomStream(seed, 'subset'), count)(size).sort();
}
