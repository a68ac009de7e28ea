import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random.js';
import { compareFits } from '../../src/theory/compare-fits.js';
import { fitModel } from '../../src/theory/fit.js';
import { type ModelName, type Observation, thresholdModels } from '../../src/theory/models.js';
import { logNormalCdf, logNormalInterval } from '../../src/theory/normal.js';

const SIZES = [125, 250, 500, 1000, 2000, 4000];
const D = 785;
const setting = { picks: 100, rho: (m: number) => D / m };
const STEP = 25;

/** Thresholds of a known curve plus N(0, σ²), seen at checkpoints every 25 steps up to `last`. */
function observe(
  curve: (m: number) => number,
  { sigma = 20, trials = 8, last = 1000, seed = 0 } = {},
): readonly Observation[] {
  const stream = randomStream(seed, 'synthetic');
  return SIZES.flatMap((examples) =>
    Array.from({ length: trials }, () => {
      const t = curve(examples) + sigma * stream.normal();
      const upper = Math.max(0, Math.ceil(t / STEP) * STEP);
      if (upper > last) return { examples, lower: last, upper: Number.POSITIVE_INFINITY };
      return { examples, lower: upper === 0 ? Number.NEGATIVE_INFINITY : upper - STEP, upper };
    }),
  );
}

test('the normal distribution is exact to ten digits, and its tails do not vanish', () => {
  // From Abramowitz and Stegun's tables 26.1 and 26.2; ln Q(x) far out.
  const known = [
    [0, Math.log(0.5)],
    [1, Math.log(0.841344746068543)],
    [-2, Math.log(0.022750131948179)],
    [-3, Math.log(0.00134989803163)],
    [-5, -15.064998393988725],
    [-40, -804.608442013754],
  ] as const;
  for (const [x, expected] of known) expect(logNormalCdf(x)).toBeCloseTo(expected, 9);
  for (const x of [2.9999999, -2.9999999]) {
    expect(logNormalCdf(x)).toBeCloseTo(logNormalCdf(x * (1 + 1e-9)), 7);
  }
  expect(logNormalInterval(-1, 1)).toBeCloseTo(Math.log(0.682689492137086), 10);
  expect(logNormalInterval(30, 31)).toBeCloseTo(logNormalInterval(-31, -30), 12);
  expect(logNormalInterval(30, 31)).toBeGreaterThan(-460);
  expect(logNormalInterval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBeCloseTo(0, 12);
  expect(logNormalInterval(2, Number.POSITIVE_INFINITY)).toBeCloseTo(logNormalCdf(-2), 12);
});

const curves: readonly [ModelName, (m: number) => number, Readonly<Record<string, number>>][] = [
  ['constant', () => 400, { alpha: 400 }],
  ['logarithm', (m) => -400 + 130 * Math.log(m), { alpha: -400, beta: 130 }],
  ['power', (m) => 3 * m ** 0.7, { alpha: 3, beta: 0.7 }],
  ['theory', (m) => Math.log(100) / -Math.log(1 - (0.07 * D) / m), { c: 0.07 }],
];

describe.each(curves)('thresholds of the curve %s', (name, curve, truth) => {
  const observations = observe(curve);
  const comparison = compareFits(observations, setting, 1, 200);

  test('give its parameters back within their intervals', () => {
    const found = comparison.fits.find(({ model }) => model === name)!;
    expect(Object.keys(found.parameters)).toEqual(Object.keys(truth));
    for (const [parameter, { value, low, high }] of Object.entries(found.parameters)) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
      // The interval has the truth inside, or nearly: 95 % intervals miss it now and then.
      const reach = high! - low!;
      expect(Math.abs(value - truth[parameter]!)).toBeLessThan(reach);
      expect(reach).toBeLessThan(0.5 * Math.abs(truth[parameter]!));
    }
    expect(found.deviation).toBeGreaterThan(12);
    expect(found.deviation).toBeLessThan(30);
    for (const m of SIZES) {
      const [low, high] = found.band(m)!;
      expect(low).toBeLessThan(found.predict(m));
      expect(high).toBeGreaterThan(found.predict(m));
    }
  });

  test('support it, or it and one that says the same', () => {
    const [best] = comparison.fits;
    const own = comparison.fits.find(({ model }) => model === name)!;
    expect(own.aicc - best!.aicc).toBeLessThan(3);
    expect(comparison.fits.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    if (name !== 'constant') {
      const constant = comparison.fits.find(({ model }) => model === 'constant')!;
      expect(constant.weight).toBeLessThan(1e-6);
      expect(own.rSquared).toBeGreaterThan(0.9);
    }
  });
});

test('trials that never got there pull the curve up: dropping them would bias it', () => {
  const observations = observe((m) => -400 + 130 * Math.log(m), {
    last: 450,
    sigma: 80,
    trials: 20,
  });
  const reached = observations.filter(({ upper }) => Number.isFinite(upper));
  expect(reached.length).toBeLessThan(0.6 * observations.length);
  const slope = (given: readonly Observation[]) => {
    const logarithm = thresholdModels(given, setting).find(({ name }) => name === 'logarithm')!;
    return fitModel(logarithm, given).parameters.beta!;
  };
  expect(slope(observations)).toBeGreaterThan(115);
  expect(slope(observations)).toBeLessThan(145);
  expect(slope(reached)).toBeLessThan(90);
});

test('thresholds that a curve meets without error still have one best fit', () => {
  const exact = observe((m) => 100 * Math.log(m / 100) + 30, { sigma: 0, trials: 1 });
  const { fits } = compareFits(exact, setting, 0);
  const logarithm = fits.find(({ model }) => model === 'logarithm')!;
  expect(logarithm.parameters.beta!.value).toBeGreaterThan(85);
  expect(logarithm.parameters.beta!.value).toBeLessThan(115);
  expect(logarithm.parameters.beta!.low).toBeUndefined();
  expect(logarithm.deviation).toBeGreaterThanOrEqual(STEP / Math.sqrt(12));
});

test('the same seed gives the same intervals, and too little data gives no fits but a reason', () => {
  const observations = observe((m) => 3 * m ** 0.7, { trials: 3 });
  const [one, same, other] = [4, 4, 5].map((seed) => compareFits(observations, setting, seed, 50));
  expect(JSON.stringify(same)).toBe(JSON.stringify(one));
  expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));

  const single = compareFits(
    observations.filter(({ examples }) => examples === 500),
    setting,
    0,
  );
  expect(single).toEqual({ fits: [], missing: expect.stringContaining('at 1 dataset size') });
  const never = compareFits(
    observe(() => 5000),
    setting,
    0,
  );
  expect(never.missing).toContain('at 0 dataset sizes');
});

test.each([
  ['every trial meets it at its first checkpoint', () => -100],
  [
    'small sizes meet it at their first checkpoint, others never',
    (m: number) => (m < 1000 ? -100 : 5000),
  ],
])('where %s, nothing is fitted', (_, curve) => {
  const { fits, missing } = compareFits(observe(curve), setting, 0, 20);
  expect(fits).toEqual([]);
  expect(missing).toContain('at its first checkpoint');
});

test('one threshold between two checkpoints is enough', () => {
  const [one, ...others] = observe(() => -100, { trials: 2 }).toReversed();
  const { fits } = compareFits([{ ...one!, lower: 0, upper: STEP }, ...others], setting, 0, 20);
  expect(fits.every(({ aicc, deviation }) => Number.isFinite(aicc + deviation))).toBe(true);
  expect(fits.length).toBe(4);
});
