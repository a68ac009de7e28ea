import { describe, expect, test } from 'vitest';
import { orderOfEpoch, stepsOfEpoch } from '../../src/train/epochs.js';
import { rateOfStep, type Schedule } from '../../src/train/schedule.js';

describe('a schedule', () => {
  const base = { learningRate: 0.1, warmUp: 0, steps: 100 } as const;
  const rates = (schedule: Schedule) =>
    Array.from({ length: schedule.steps }, (_, step) => rateOfStep(schedule, step));

  test('cosine begins at the rate, is half of it in the middle and ends near zero', () => {
    const all = rates({ ...base, schedule: 'cosine' });
    expect(all[0]).toBe(0.1);
    expect(all[50]).toBeCloseTo(0.05, 12);
    expect(all[99]).toBeLessThan(1e-4);
    expect(all.every((rate, step) => rate > 0 && rate <= (all[step - 1] ?? 0.1))).toBe(true);
  });

  test('step divides by ten twice', () => {
    const all = rates({ ...base, schedule: 'step' });
    expect([all[49], all[50], all[74], all[75], all[99]].map((rate) => rate?.toFixed(6))).toEqual(
      [0.1, 0.01, 0.01, 0.001, 0.001].map((rate) => rate.toFixed(6)),
    );
  });

  test('warm-up rises to the rate in a straight line, and the rest follows behind it', () => {
    const all = rates({ ...base, schedule: 'cosine', warmUp: 4 });
    expect(all.slice(0, 5)).toEqual([0.025, 0.05, 0.07500000000000001, 0.1, 0.1]);
    expect(rateOfStep({ ...base, schedule: 'constant', warmUp: 100 }, 99)).toBe(0.1);
  });
});

describe('an epoch', () => {
  test('has each image once, in an order of its own', () => {
    const plan = { examples: 29, batch: 8, seed: 3 };
    expect(stepsOfEpoch(plan)).toBe(4);
    const [first, second] = [orderOfEpoch(plan, 0), orderOfEpoch(plan, 1)];
    const all = Array.from({ length: 29 }, (_, image) => image);
    expect([...first].sort((a, b) => a - b)).toEqual(all);
    expect(second).not.toEqual(first);
    expect(orderOfEpoch(plan, 0)).toEqual(first);
    expect(orderOfEpoch({ ...plan, seed: 4 }, 0)).not.toEqual(first);
  });
});
