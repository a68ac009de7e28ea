import { describe, expect, test } from 'vitest';
import { medianInterval } from '../../bench/statistics.js';
import { randomStream } from '../../src/random.js';

/** Times as a busy machine gives them: most near 1, some much longer. The median is 1. */
function times(count: number, seed: number): number[] {
  const stream = randomStream(seed, 'times');
  return Array.from({ length: count }, () => Math.exp(stream.normal() / 4));
}

describe('medianInterval', () => {
  test.each([1, 2, 3, 4, 9, 25])('lies within %i samples, around their median', (count) => {
    const samples = times(count, count);
    const sorted = [...samples].sort((a, b) => a - b);
    const { median, low, high } = medianInterval(samples);
    const half = count / 2;
    expect(median).toBeCloseTo(
      ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2,
      12,
    );
    expect(low).toBeGreaterThanOrEqual(sorted[0] as number);
    expect(low).toBeLessThanOrEqual(median);
    expect(high).toBeGreaterThanOrEqual(median);
    expect(high).toBeLessThanOrEqual(sorted[count - 1] as number);
  });

  test('depends on the samples alone, not on their order or unit', () => {
    const samples = times(15, 1);
    const interval = medianInterval(samples);
    expect(medianInterval([...samples].reverse())).toEqual(interval);
    expect(medianInterval(samples.map((time) => 4 * time))).toEqual({
      median: 4 * interval.median,
      low: 4 * interval.low,
      high: 4 * interval.high,
    });
  });

  test('holds the true median in about 95 of 100 sittings, and narrows with samples', () => {
    const sittings = (count: number) =>
      Array.from({ length: 100 }, (_, seed) => medianInterval(times(count, seed)));
    const [few, many] = [sittings(9), sittings(36)];
    const hits = many.filter(({ low, high }) => low <= 1 && 1 <= high).length;
    expect(hits).toBeGreaterThanOrEqual(88);
    expect(hits).toBeLessThanOrEqual(99);
    const width = (all: typeof few) => all.reduce((sum, { low, high }) => sum + high - low, 0);
    expect(width(many)).toBeLessThan(0.7 * width(few));
  });

  test('refuses to make something of nothing', () => {
    expect(() => medianInterval([])).toThrow('No samples');
  });
});
