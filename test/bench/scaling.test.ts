import { expect, test } from 'vitest';
import type { BenchResult } from '../../bench/report.js';
import { scalingExponents } from '../../bench/scaling.js';

const base = { n: 1024, k: 200 };

/** A measured result, or one that was refused. */
function result(shape: Record<string, number>, medianMs: number | null): BenchResult {
  const entry = { work: 'any', shape, subject: 'espalier', variant: 'default' } as const;
  if (medianMs !== null) {
    const figures = { lowMs: 1, highMs: 1, gflops: 1, gbps: 1, shareOfLimit: 1 };
    return { ...entry, verified: true, medianMs, ...figures };
  }
  const nothing = { medianMs, lowMs: null, highMs: null, gflops: null, gbps: null };
  return { ...entry, verified: false, ...nothing, shareOfLimit: null };
}

test('exact powers come back exactly, from the results along one size each', () => {
  const time = (n: number, k: number) => 3 * n ** 1.5 * k ** 0.25;
  const at = (n: number, k: number) => result({ n, k }, time(n, k));
  const results = [at(256, 200), at(512, 200), at(1024, 200), at(1024, 25), at(1024, 50)];
  // Neither lies along one size of the base: one differs in both, one was wrong.
  const found = scalingExponents(
    [...results, result({ n: 7, k: 7 }, 1e9), result(base, null)],
    base,
  );
  expect(found.map(({ size, shapes }) => [size, shapes])).toEqual([
    ['n', 3],
    ['k', 3],
  ]);
  expect(found[0]?.exponent).toBeCloseTo(1.5, 12);
  expect(found[1]?.exponent).toBeCloseTo(0.25, 12);
  for (const { error } of found) expect(error).toBeLessThan(1e-9);
});

test('the standard error is that of the slope', () => {
  // ln t = 0, 1, 1 at ln n = 0, 1, 2: slope 1/2, residuals −1/6, 1/3, −1/6, Σ(x − x̄)² = 2.
  const points = [0, 1, 1].map((y, x) => result({ n: Math.exp(x), k: 200 }, Math.exp(y)));
  const [found] = scalingExponents(points, base);
  expect(found?.exponent).toBeCloseTo(0.5, 12);
  expect(found?.error).toBeCloseTo(Math.sqrt(1 / 6 / 1 / 2), 12);
});

test('fewer than three results of a size say nothing of it', () => {
  const results = [result({ n: 512, k: 200 }, 3), result(base, 5)];
  expect(scalingExponents(results, base)).toEqual([]);
});
