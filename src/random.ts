import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { EspalierError } from './errors.js';

/** A reproducible sequence of random numbers; every call moves it on. */
export interface RandomStream {
  /** A uniform integer in [0, n), without modulo bias; n an integer in [1, 2⁵³). */
  below(n: number): number;
  /** A draw from N(0, 1). */
  normal(): number;
  /** A uniform multiple of 2⁻⁵³ in [0, 1). */
  uniform(): number;
}

/** The half height √(2/e) of the ratio-of-uniforms region of N(0, 1). */
const HALF_HEIGHT = 0.8577638849607068;

/**
 * The random stream of `seed` for one `purpose` ('weights', 'batches', …). The same pair gives the
 * same numbers; streams of one seed with different purposes are independent, so that drawing more
 * from one never moves another. xoroshiro128+ (Blackman and Vigna, 2018), its 128-bit state a hash
 * of the pair.
 *
 * @throws EspalierError `bad-config` when the seed, or n of `below`, is not an integer in range.
 */
export function randomStream(seed: number, purpose: string): RandomStream {
  if (!Number.isSafeInteger(seed)) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'seed',
      given: seed,
      allowed: 'a whole number within ±(2^53 − 1)',
    });
  }
  const generator = xoroshiro128plusFromState(hashedState(seed, purpose));
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    below(n) {
      if (!Number.isSafeInteger(n) || n < 1) {
        throw new EspalierError('bad-config', `Cannot draw an integer in [0, n) for n = ${n}.`);
      }
      return uniformInt(generator, 0, n - 1);
    },
    // Kinderman and Monahan's ratio of uniforms (1977). Engines may round Math.log and Math.cos
    // differently; here the logarithm only accepts or refuses, so that its last bit matters to a
    // near-tie alone, and a draw has the same bits everywhere.
    normal() {
      for (;;) {
        const u = 1 - uniform();
        const ratio = (HALF_HEIGHT * (2 * uniform() - 1)) / u;
        if (ratio * ratio <= -4 * Math.log(u)) return ratio;
      }
    },
  };
}

/**
 * Draws of different numbers below `count`, every choice and order as likely: the first steps of a
 * Fisher–Yates shuffle. Each draw goes on shuffling where the last one left off, which leaves it
 * uniform; a smaller first draw is the beginning of a larger one.
 */
export function distinctDraws(
  stream: RandomStream,
  count: number,
): (size: number) => Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  return (size) => {
    for (let place = 0; place < size; place++) {
      const other = place + stream.below(count - place);
      const drawn = order[other]!;
      order[other] = order[place]!;
      order[place] = drawn;
    }
    return order.slice(0, size);
  };
}

/**
 * What each step looks at, one step behind the other [steps × size]: `size` different numbers below
 * `count`, drawn anew for each, in ascending order.
 */
export function drawSubsets(
  stream: RandomStream,
  { steps, size, count }: { readonly steps: number; readonly size: number; readonly count: number },
): Uint32Array {
  const draw = distinctDraws(stream, count);
  const drawn = new Uint32Array(steps * size);
  for (let step = 0; step < steps; step++) drawn.set(draw(size).sort(), step * size);
  return drawn;
}

/**
 * Four 32-bit words that depend on every bit of the seed and every character. The generator's one
 * forbidden state, all zero, has a chance of 2⁻¹²⁸.
 */
function hashedState(seed: number, purpose: string): number[] {
  return [1, 2, 3, 4].map((lane) => {
    let hash = mixed(mixed(mixed(lane) ^ seed) ^ Math.floor(seed / 2 ** 32));
    for (let i = 0; i < purpose.length; i++) hash = mixed(hash ^ purpose.charCodeAt(i));
    return hash;
  });
}

/** MurmurHash3's 32-bit finaliser (Appleby): a bijection in which each bit flips half of the others. */
export function mixed(word: number): number {
  let hash = word | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
