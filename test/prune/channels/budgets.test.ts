import { describe, expect, test } from 'vitest';
import {
  type BudgetProblem,
  type DivergenceCurve,
  divergenceTable,
  shareBudget,
} from '../../../src/prune/channels/budgets.js';

const curve = (channels: number, scale: number): DivergenceCurve => {
  const kept = [1, 2, 3, 4, 6, 7].map((eighths) =>
    Math.max(1, Math.round((channels * eighths) / 8)),
  );
  const counts = [...new Set(kept)].filter((count) => count < channels);
  return { channels, kept: counts, divergence: counts.map((k) => scale * (channels / k - 1)) };
};

/** Every way to share, tried. */
function exhaustive({ curves, cost, budget }: BudgetProblem) {
  const tables = curves.map(divergenceTable);
  let best = { total: Number.POSITIVE_INFINITY, kept: [] as readonly number[] };
  const visit = (kept: readonly number[]) => {
    const unit = kept.length;
    if (unit === curves.length) {
      if (cost(kept) > budget) return;
      const total = kept.reduce((sum, count, u) => sum + (tables[u]?.[count] ?? 0), 0);
      if (total < best.total) best = { total, kept };
      return;
    }
    for (let count = 1; count <= (curves[unit]?.channels ?? 0); count++) visit([...kept, count]);
  };
  visit([]);
  return best;
}

describe('a budget', () => {
  const curves = [curve(8, 0.1), curve(13, 0.02), curve(16, 0.5)];
  const separable = (kept: readonly number[]) =>
    5 + 3 * (kept[0] ?? 0) + 7 * (kept[1] ?? 0) + 2 * (kept[2] ?? 0);
  /** As in a chain, where what one unit costs depends on the next. */
  const chained = (kept: readonly number[]) =>
    3 * (kept[0] ?? 0) + (kept[0] ?? 0) * (kept[1] ?? 0) + (kept[1] ?? 0) * (kept[2] ?? 0);

  test.each([
    ['separable', separable, 0.5],
    ['separable', separable, 0.8],
    ['chained', chained, 0.35],
    ['chained', chained, 0.7],
  ] as const)(
    '%s costs are shared within 15 % of the best of all ways: %#',
    (_name, cost, share) => {
      const problem = { curves, cost, budget: share * cost([8, 13, 16]), least: 1, roundTo: 1 };
      const kept = shareBudget(problem);
      expect(cost(kept)).toBeLessThanOrEqual(problem.budget);
      const tables = curves.map(divergenceTable);
      const total = kept.reduce((sum, count, unit) => sum + (tables[unit]?.[count] ?? 0), 0);
      expect(total).toBeLessThanOrEqual(1.15 * exhaustive(problem).total);
    },
  );

  test('that all channels fit keeps all', () => {
    const problem = {
      curves,
      cost: separable,
      budget: separable([8, 13, 16]),
      least: 1,
      roundTo: 1,
    };
    expect(shareBudget(problem)).toEqual([8, 13, 16]);
  });

  test('is met by counts that are multiples, and no fewer than asked', () => {
    const budget = 0.6 * separable([8, 13, 16]);
    const kept = shareBudget({ curves, cost: separable, budget, least: 3, roundTo: 4 });
    kept.forEach((count, unit) => {
      expect(count % 4 === 0 || count === curves[unit]?.channels).toBe(true);
      expect(count).toBeGreaterThanOrEqual(4);
    });
  });

  test('that cannot be met says the least that can', () => {
    const problem = { curves, cost: separable, budget: 1, least: 1, roundTo: 1 };
    expect(() => shareBudget(problem)).toThrow(/0\.00\d+ cannot be met.*0\.1\d+ is left/);
  });
});

describe('a divergence curve', () => {
  test('goes through its points, ends at none, and never rises with more channels', () => {
    const points = curve(64, 0.3);
    const table = divergenceTable(points);
    points.kept.forEach((count, at) => {
      expect(table[count]).toBeCloseTo(points.divergence[at] ?? Number.NaN, 12);
    });
    expect(table[64]).toBe(0);
    for (let count = 1; count <= 64; count++) {
      expect(table[count]).toBeLessThanOrEqual((table[count - 1] ?? 0) + 1e-12);
    }
  });

  test('levels what noise puts in the wrong order', () => {
    const table = divergenceTable({ channels: 8, kept: [2, 4, 6], divergence: [1, 0.2, 0.3] });
    expect(table[4]).toBeCloseTo(0.3, 12);
    expect(table[5]).toBeCloseTo(0.3, 12);
  });
});
