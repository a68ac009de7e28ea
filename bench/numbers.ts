import { randomStream } from '../src/random.js';

/** A prime, so that the repetitions do not line up with the rows of any matrix. */
const PERIOD = 65_537;

/**
 * Uniform numbers in [−1, 1), the same for the same seed. They repeat after 65,537. That is enough
 * for timing and for verification by samples, and a large matrix is filled as fast as it is
 * uploaded.
 */
export function randomNumbers(count: number, seed: number): Float32Array {
  const stream = randomStream(seed, 'benchmark');
  const numbers = new Float32Array(count);
  const first = Math.min(count, PERIOD);
  for (let i = 0; i < first; i++) numbers[i] = 2 * stream.uniform() - 1;
  for (let filled = first; filled < count; filled *= 2) {
    numbers.copyWithin(filled, 0, Math.min(filled, count - filled));
  }
  return numbers;
}

/** What outputs hold before a kernel writes them: what it leaves out cannot pass for an answer. */
export function nans(count: number): Float32Array {
  return new Float32Array(count).fill(Number.NaN);
}
