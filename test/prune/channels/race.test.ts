import { expect, test } from 'vitest';
import { raceCandidates, type Trial } from '../../../src/prune/channels/race.js';
import { randomStream } from '../../../src/random.js';

/** Losses as networks have them: most pictures cost little, and some candidates much. */
function drawCosts(candidates: number, parts: number, seed: number): number[][] {
  const stream = randomStream(seed, 'costs');
  const hard = Array.from({ length: parts }, () => Math.exp(2 * stream.normal()));
  return Array.from({ length: candidates }, () => {
    const own = Math.exp(stream.normal());
    return hard.map((cost) => own * cost * Math.exp(stream.normal() / 4));
  });
}

async function race(costs: readonly (readonly number[])[], least: number) {
  const parts = (costs[0] ?? []).map((cost, part) => ({ cost, part }));
  const order = parts.sort((one, other) => other.cost - one.cost).map(({ part }) => part);
  const asked: Trial[] = [];
  const result = await raceCandidates({
    candidates: costs.length,
    parts: order,
    least,
    measure: async (trials) => {
      asked.push(...trials);
      return trials.map(({ candidate, part }) => costs[candidate]?.[part] ?? Number.NaN);
    },
  });
  expect(new Set(asked.map(({ candidate, part }) => `${candidate} ${part}`)).size).toBe(
    asked.length,
  );
  expect(result.trials).toBe(asked.length);
  const sums = costs.map((own) => order.reduce((sum, part) => sum + (own[part] ?? 0), 0));
  return { ...result, first: sums.indexOf(Math.min(...sums)) };
}

test.each([
  [1, 1],
  [2, 3],
  [7, 13],
  [50, 32],
])(
  'of %i candidates with %i parts the first of the smallest sum wins',
  async (candidates, parts) => {
    for (const [seed, least] of [1, 8, 32, 512].entries()) {
      const costs = drawCosts(candidates, parts, seed);
      const { winner, first, costs: own } = await race(costs, least);
      expect(winner).toBe(first);
      expect([...own]).toEqual(costs[winner]);
    }
  },
);

test('most candidates drop out after a few parts', async () => {
  const { trials } = await race(drawCosts(50, 32, 5), 1);
  expect(trials).toBeLessThan(0.5 * 50 * 32);
});

test('of equals the first wins, free parts and rounding below zero included', async () => {
  const costs = [[3, 1, 0, 0, 0, 9], ...Array(4).fill([2, 0, 0, 0, 0, -1e-8])];
  expect(await race(costs, 1)).toMatchObject({ winner: 1 });
});

test('where no sum is finite nobody wins', async () => {
  const { winner } = await race([[Number.NaN], [Number.POSITIVE_INFINITY]], 1);
  expect(winner).toBe(-1);
});
