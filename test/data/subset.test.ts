import { expect, test } from 'vitest';
import { drawSubset } from '../../src/data/subset.js';

test.each([
  [1, 1],
  [7, 7],
  [97, 13],
  [60_000, 1000],
  [60_000, 60_000],
])('of %i take %i: ascending, distinct, in range, reproducible', (count, size) => {
  const subset = drawSubset(count, size, 4);
  expect(subset.length).toBe(size);
  expect(subset.every((index, i) => index < count && (i === 0 || index > subset[i - 1]!))).toBe(
    true,
  );
  expect(drawSubset(count, size, 4)).toEqual(subset);
});

test('seeds draw different subsets, and a smaller subset is part of a larger', () => {
  expect(drawSubset(60_000, 1000, 0)).not.toEqual(drawSubset(60_000, 1000, 1));
  const larger = new Set(drawSubset(60_000, 2000, 0));
  expect(drawSubset(60_000, 1000, 0).every((index) => larger.has(index))).toBe(true);
});

test('every subset of 3 from 6 is equally likely', () => {
  const counts = new Map<string, number>();
  const draws = 4000;
  for (let seed = 0; seed < draws; seed++) {
    const subset = drawSubset(6, 3, seed).join();
    counts.set(subset, (counts.get(subset) ?? 0) + 1);
  }
  expect(counts.size).toBe(20);
  // Chi-square with 19 degrees of freedom has mean 19 and deviation √38; bound 5 σ.
  const expected = draws / 20;
  const chiSquare = [...counts.values()].reduce(
    (sum, n) => sum + (n - expected) ** 2 / expected,
    0,
  );
  expect(chiSquare).toBeLessThan(19 + 5 * Math.sqrt(38));
});

test.each([60_001, 0, -1, 1.5, Number.NaN])('%d of 60,000 examples is refused', (size) => {
  expect(() => drawSubset(60_000, size, 0)).toThrow(
    expect.objectContaining({
      code: 'bad-config',
      message: expect.stringMatching(
        `^examples must be .* from 1 to 60000, not ${size}: the source`,
      ),
    }),
  );
});
