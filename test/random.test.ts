import { expect, test } from 'vitest';
import { distinctDraws, randomStream } from '../src/random.js';

const DRAWS = 200_000;

function drawn(seed: number, purpose: string, kind: 'uniform' | 'normal', count = DRAWS) {
  const stream = randomStream(seed, purpose);
  return Float64Array.from({ length: count }, () => stream[kind]());
}

const mean = (values: Float64Array, of = (value: number) => value) =>
  values.reduce((sum, value) => sum + of(value), 0) / values.length;

test('the same seed and purpose give the same numbers, in every version', () => {
  const stream = randomStream(7, 'weights');
  const numbers = [stream.below(1000), stream.uniform(), stream.normal(), stream.below(2 ** 40)];
  expect(numbers).toEqual([596, 0.08235613964626387, -0.8277625439690215, 824202428162]);

  const all = distinctDraws(randomStream(3, 'random selection'), 7);
  expect([...all(7)]).toEqual([6, 0, 2, 1, 3, 4, 5]);
  const some = distinctDraws(randomStream(1, 'selection batch'), 9);
  expect([some(3), some(3)].map((draw) => [...draw.sort()])).toEqual([
    [0, 1, 3],
    [0, 1, 5],
  ]);
});

const SEEDS = [0, 1, -1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
const PURPOSES = ['', 'subset', 'weights', 'batches', 'batchet', 'subset\0', 'ab', 'ba'];
const STREAMS = SEEDS.flatMap((seed) => PURPOSES.map((purpose) => ({ seed, purpose })));

test('streams of different seeds or purposes share no draw and do not correlate', () => {
  const streams = STREAMS.map(({ seed, purpose }) => drawn(seed, purpose, 'uniform', 4096));
  const seen = new Set(streams.flatMap((values) => [...values]));
  // 262,144 draws of 53 bits repeat one with a chance of 4e-6.
  expect(seen.size).toBe(streams.length * 4096);
  // The sample correlation of independent streams has deviation 1/√4096; 2,016 pairs, bound 5 σ.
  for (const [i, a] of streams.entries()) {
    for (const b of streams.slice(0, i)) {
      const correlation = 12 * mean(a.map((value, j) => (value - 0.5) * (b[j]! - 0.5)));
      expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(4096));
    }
  }
});

test('drawing more from one stream does not move another', () => {
  const alone = drawn(3, 'batches', 'normal', 50);
  const other = randomStream(3, 'weights');
  const stream = randomStream(3, 'batches');
  const interleaved = Float64Array.from({ length: 50 }, () => {
    other.normal();
    return stream.normal();
  });
  expect(interleaved).toEqual(alone);
});

// Chi-square with n − 1 degrees of freedom has mean n − 1 and deviation √(2(n − 1)); bound 5 σ. For
// 3 · 2^30 a biased modulo would put 1/2 instead of 1/3 of the draws into the first third.
test.each([
  { n: 2, cells: 2 },
  { n: 7, cells: 7 },
  { n: 1000, cells: 1000 },
  { n: 60_000, cells: 60 },
  { n: 3 * 2 ** 30, cells: 3 },
  { n: 2 ** 32, cells: 64 },
  { n: 3 * 2 ** 40, cells: 96 },
])('below($n) is uniform', ({ n, cells }) => {
  const stream = randomStream(11, 'uniformity');
  const counts = new Float64Array(cells);
  for (let i = 0; i < DRAWS; i++) {
    const draw = stream.below(n);
    if (!Number.isInteger(draw) || draw < 0 || draw >= n) throw new Error(`drew ${draw}`);
    const cell = Math.floor(draw / (n / cells));
    counts[cell] = counts[cell]! + 1;
  }
  const expected = DRAWS / cells;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(Math.abs(chiSquare - (cells - 1))).toBeLessThan(5 * Math.sqrt(2 * (cells - 1)));
});

test('below(1) is always 0', () => {
  const stream = randomStream(0, 'one');
  expect(Array.from({ length: 20 }, () => stream.below(1))).toEqual(Array(20).fill(0));
});

test('uniform has the moments of U[0, 1) and stays inside', () => {
  const values = drawn(5, 'moments', 'uniform');
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  // Bounds of 5 σ: the k-th power of U has mean 1/(k+1) and variance 1/(2k+1) − 1/(k+1)².
  for (const k of [1, 2, 3, 4]) {
    const sigma = Math.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / DRAWS);
    expect(Math.abs(mean(values, (x) => x ** k) - 1 / (k + 1))).toBeLessThan(5 * sigma);
  }
});

test('normal has the moments and tails of N(0, 1)', () => {
  const values = drawn(5, 'moments', 'normal');
  // E[x^k] = (k − 1)!! for even k, else 0; the variance of x^k is E[x^2k] − E[x^k]². Bounds of 5 σ.
  const moment = (k: number): number => (k % 2 === 1 ? 0 : k === 0 ? 1 : (k - 1) * moment(k - 2));
  for (const k of [1, 2, 3, 4, 5, 6]) {
    const sigma = Math.sqrt((moment(2 * k) - moment(k) ** 2) / DRAWS);
    expect(Math.abs(mean(values, (x) => x ** k) - moment(k))).toBeLessThan(5 * sigma);
  }
  // P(|x| > 1, 2, 3), from tables of the normal distribution.
  for (const [bound, share] of [
    [1, 0.3173105],
    [2, 0.0455003],
    [3, 0.0026998],
  ] as const) {
    const sigma = Math.sqrt((share * (1 - share)) / DRAWS);
    const found = mean(values, (x) => Number(Math.abs(x) > bound));
    expect(Math.abs(found - share)).toBeLessThan(5 * sigma);
  }
  const lagged = mean(values.subarray(1).map((value, i) => value * values[i]!));
  expect(Math.abs(lagged)).toBeLessThan(5 / Math.sqrt(DRAWS));
});

test('what is not an integer in range is refused', () => {
  for (const seed of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => randomStream(seed, '')).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        message: `seed must be a whole number within ±(2^53 − 1), not ${seed}.`,
      }),
    );
  }
  for (const n of [0, -1, 2.5, Number.NaN, 2 ** 53]) {
    expect(() => randomStream(0, '').below(n)).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  }
});
