import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { drawSubsets, randomStream } from '../../src/random.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { judgeFor, PICK_TOLERANCE } from './judge.js';
import { drawSample, referenceProblem } from './problems.js';
import { greedy } from './run.js';

/** What a selection of that seed draws for its steps. */
const draws = (purpose: string, seed: number, sizes: Parameters<typeof drawSubsets>[1]) =>
  drawSubsets(randomStream(seed, `selection ${purpose}`), sizes);

const trained = drawSample({ examples: 89, width: 31, outputs: 2 }, 100);

describe('where a selection ends and what it looks at', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  describe.each([
    ['at the end of each submit', 2e8],
    ['after nearly every pick', 1],
  ])('looked at %s', (_name, operations) => {
    beforeEach(() => {
      device.operationsPerSubmit = operations;
    });

    test.each(['average', 'line-search', 'corrective'] as const)(
      '%s stops at the first loss that reaches the target',
      async (rule) => {
        const whole = await greedy(device, trained, { rule, picks: 12 });
        const targetLoss = ((whole.loss[4] ?? 0) + (whole.loss[5] ?? 0)) / 2;
        const reached = whole.loss.findIndex((loss) => loss <= targetLoss);
        const early = await greedy(device, trained, { rule, picks: 40, targetLoss });
        expect(early.stopped).toBe('target');
        expect([...early.selected]).toEqual([...whole.selected.slice(0, reached + 1)]);
        expect(early.loss).toEqual(whole.loss.slice(0, reached + 1));
        const exact = await greedy(device, trained, { rule, targetLoss: whole.loss[5] });
        expect(exact.loss[exact.loss.length - 1]).toBeLessThanOrEqual(whole.loss[5] ?? 0);
        expect(exact.stopped).toBe('target');
        const never = await greedy(device, trained, { rule, picks: 3, targetLoss: 0 });
        expect(never).toMatchObject({ stopped: 'count' });
        expect(never.selected).toHaveLength(3);
      },
    );

    test('average until it stalls ends before the first pick that does not help', async () => {
      const whole = await greedy(device, trained, { picks: 60 });
      const stall = whole.loss.findIndex((loss, at) => at > 0 && loss >= (whole.loss[at - 1] ?? 0));
      expect(stall).toBeGreaterThan(0);
      const early = await greedy(device, trained, { picks: 60, untilStalled: true });
      expect(early.stopped).toBe('stalled');
      expect([...early.selected]).toEqual([...whole.selected.slice(0, stall)]);
    });

    // The targets are the outputs of neuron 4, so that nothing is left; or twice them, which is
    // more than a convex mixture reaches, and a vertex of the hull is the best.
    test.each([1, 2])(
      'best steps stall when one neuron is the answer to %s times it',
      async (factor) => {
        const sample = drawSample({ examples: 41, width: 7, outputs: 1 }, 0);
        const b = sample.b.map((x, i) => (i === 4 ? 3 * Math.sign(x) : x));
        const y = sample.y.map((_, j) => factor * (sample.h[j * 7 + 4] ?? 0) * (b[4] ?? 0));
        const solved = { ...sample, b, y };
        for (const oracle of ['rows', 'gram'] as const) {
          for (const rule of ['line-search', 'corrective'] as const) {
            const found = await greedy(device, solved, { rule, oracle, picks: 300 });
            expect({ rule, picks: [...found.selected] }).toEqual({ rule, picks: [4] });
            expect(found.stopped).toBe('stalled');
            expect(found.finalShares[0]).toBeCloseTo(rule === 'corrective' ? factor : 1, 5);
            // A share that is off by 5e-6 leaves (5e-6)² ‖φ‖² / 2m, and |φ| ≤ |b| = 3.
            const solvable = rule === 'corrective' || factor === 1;
            if (solvable) expect(found.loss[0]).toBeLessThan(5e-6 ** 2 * (9 / 2));
          }
        }
      },
    );

    test('corrective stalls when the picks span all neurons', async () => {
      const sample = drawSample({ examples: 9, width: 23, outputs: 1 }, 0);
      const found = await greedy(device, sample, { rule: 'corrective', picks: 23 });
      expect(found.stopped).toBe('stalled');
      expect(found.selected.length).toBeLessThanOrEqual(9);
      expect(new Set(found.selected).size).toBe(found.selected.length);
    });
  });

  test.each([
    ['average', 'squared', 'rows'],
    ['average', 'squared', 'gram'],
    ['average', 'cross-entropy', 'direct'],
    ['line-search', 'squared', 'rows'],
    ['corrective', 'squared', 'gram'],
  ] as const)('%s, %s, %s among random candidates', async (rule, loss, oracle) => {
    const judge = judgeFor(referenceProblem(trained, loss), rule, true);
    const options = { rule, loss, oracle, candidates: 5, picks: 11 };
    const found = await greedy(device, trained, { ...options, seed: 3 });
    const drawn = draws('candidates', 3, { steps: 11, size: 5, count: 31 });
    found.selected.forEach((pick, step) => {
      const open = [...drawn.slice(step * 5, step * 5 + 5)];
      const losses = judge.losses([...found.selected.slice(0, step)]);
      expect(open).toContain(pick);
      const best = Math.min(...open.map((i) => losses[i] ?? Number.NaN));
      expect((losses[pick] ?? 1) - best).toBeLessThanOrEqual(PICK_TOLERANCE);
    });
    expect(await greedy(device, trained, { ...options, seed: 3 })).toEqual(found);
    const other = await greedy(device, trained, { ...options, seed: 4 });
    expect([...other.selected]).not.toEqual([...found.selected]);
    const all = await greedy(device, trained, { ...options, candidates: 31 });
    const plain = await greedy(device, trained, { rule, loss, oracle, picks: 11 });
    expect([...all.selected]).toEqual([...plain.selected]);
  });

  test('random candidates without replacement', async () => {
    const options = { candidates: 8, picks: 8, replacement: false, seed: 5 };
    const drawn = draws('candidates', 5, { steps: 8, size: 8, count: 31 });
    const { selected } = await greedy(device, trained, options);
    expect(new Set(selected).size).toBe(8);
    selected.forEach((pick, step) => {
      expect([...drawn.slice(step * 8, step * 8 + 8)]).toContain(pick);
    });
  });

  test.each([
    ['squared', {}],
    ['squared', { rowsPerChunk: 20 }],
    ['cross-entropy', {}],
    ['cross-entropy', { rowsPerChunk: 13, streamed: true }],
  ] as const)('%s on random minibatches, %o', async (loss, layout) => {
    const options = { loss, ...layout, selectionBatch: 17, picks: 11 };
    const found = await greedy(device, trained, { ...options, seed: 3 });
    const drawn = draws('batch', 3, { steps: 11, size: 17, count: 89 });
    const full = judgeFor(referenceProblem(trained, loss), 'average', true);
    found.selected.forEach((pick, step) => {
      const rows = [...drawn.slice(step * 17, step * 17 + 17)];
      const seen = judgeFor(referenceProblem(trained, loss, rows), 'average', true);
      const before = [...found.selected.slice(0, step)];
      const losses = seen.losses(before);
      expect((losses[pick] ?? 1) - Math.min(...losses)).toBeLessThanOrEqual(PICK_TOLERANCE);
      // The loss that is reported is of all examples.
      const exact = full.loss([...before, pick]);
      expect(Math.abs((found.loss[step] ?? 0) - exact)).toBeLessThan(1e-4 * exact);
    });
    expect(await greedy(device, trained, { ...options, seed: 3 })).toEqual(found);
    const other = await greedy(device, trained, { ...options, seed: 4 });
    expect([...other.selected]).not.toEqual([...found.selected]);
  });

  test('draws are of different numbers, ascending, and every number comes up', () => {
    const drawn = draws('batch', 1, { steps: 200, size: 4, count: 13 });
    for (let step = 0; step < 200; step++) {
      const row = [...drawn.slice(step * 4, step * 4 + 4)];
      expect(row).toEqual([...new Set(row)].sort((a, b) => a - b));
    }
    // 800 draws of 13 numbers: 61.5 of each on average, with a standard deviation of 6.5.
    const counts = Array.from({ length: 13 }, (_, i) => drawn.filter((x) => x === i).length);
    expect(Math.min(...counts)).toBeGreaterThan(61.5 - 5 * 6.5);
    expect(Math.max(...counts)).toBeLessThan(61.5 + 5 * 6.5);
  });
});
