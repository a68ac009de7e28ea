import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { halfError, nearestHalf } from '../../src/reference/half.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { judgeFor, PICK_TOLERANCE, selectionFaults } from './judge.js';
import { drawSample, referenceProblem, type Sample } from './problems.js';
import { greedy, type Run } from './run.js';

const [ONE, THREE] = [
  drawSample({ examples: 131, width: 41, outputs: 1 }, 100),
  drawSample({ examples: 67, width: 37, outputs: 3 }, 100),
];

const rounded = (sample: Sample): Sample => ({ ...sample, h: sample.h.map(nearestHalf) });

const CASES: readonly { readonly name: string; readonly sample: Sample; readonly wish: Run }[] = [
  { name: 'rows', sample: ONE, wish: { oracle: 'rows', block: 4 } },
  {
    name: 'rows, streamed',
    sample: THREE,
    wish: { oracle: 'rows', block: 3, rowsPerChunk: 23, streamed: true },
  },
  { name: 'rows by line search', sample: THREE, wish: { oracle: 'rows', rule: 'line-search' } },
  { name: 'Gram', sample: ONE, wish: { oracle: 'gram', rule: 'corrective' } },
  {
    name: 'Gram, streamed',
    sample: THREE,
    wish: { oracle: 'gram', rowsPerChunk: 19, streamed: true },
  },
  { name: 'direct', sample: THREE, wish: { oracle: 'direct', loss: 'cross-entropy' } },
  {
    name: 'batches',
    sample: ONE,
    wish: { oracle: 'direct', selectionBatch: 30, rowsPerChunk: 50 },
  },
];

/**
 * How far off the losses of the average of these picks may be when activations are off by
 * `halfError`. With δ_jc = (1/k) Σ_s |b_sc| halfError(h_sj), the outputs' error: √L moves by at most
 * ‖δ‖ / √2m for the squared loss, and L by (2/m) Σ_j max_c δ_jc for the cross-entropy, whose gradient
 * at an example's outputs, softmax − y, has an absolute sum of at most 2.
 */
function roundingReach({ examples: m, width: n, outputs, h, b }: Sample, picks: readonly number[]) {
  const delta = Float64Array.from({ length: m * outputs }, (_, at) => {
    const [j, c] = [Math.floor(at / outputs), at % outputs];
    const errors = picks.map(
      (s) => Math.abs(b[s * outputs + c] ?? 0) * halfError(h[j * n + s] ?? 0),
    );
    return errors.reduce((sum, error) => sum + error, 0) / picks.length;
  });
  const worst = Array.from({ length: m }, (_, j) =>
    Math.max(...delta.subarray(j * outputs, (j + 1) * outputs)),
  );
  return {
    root: Math.hypot(...delta) / Math.sqrt(2 * m),
    entropy: (2 / m) * worst.reduce((sum, most) => sum + most, 0),
  };
}

describe('selection from activations in float16', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  test.each(CASES)('is that from rounded ones, to the bit: $name', async ({ sample, wish }) => {
    const live = device.liveBytes;
    const halves = await greedy(device, sample, { ...wish, storage: 'f16' });
    const floats = await greedy(device, rounded(sample), wish);
    expect(halves.selected).toEqual(floats.selected);
    expect(halves.shares).toEqual(floats.shares);
    expect(halves.plan.oracle).toBe(wish.oracle);
    expect(device.liveBytes).toBe(live);
  });

  test.each([
    { sample: ONE, loss: 'squared' },
    { sample: THREE, loss: 'squared' },
    { sample: THREE, loss: 'cross-entropy' },
  ] as const)(
    'is within its stated distance of the best, and its losses are exact: $loss',
    async ({ sample, loss }) => {
      const selection = await greedy(device, sample, { loss, storage: 'f16' });
      const judge = judgeFor(referenceProblem(sample, loss), 'average', true);
      const faults = selectionFaults(judge, selection).filter(
        (fault) => !fault.endsWith('off the best'),
      );
      expect(faults).toEqual([]);
      const picks = [...selection.selected];
      picks.forEach((pick, step) => {
        const before = picks.slice(0, step);
        const losses = judge.losses(before);
        const best = losses.indexOf(Math.min(...losses));
        const [of, ofBest] = [pick, best].map((i) => roundingReach(sample, [...before, i]));
        const [mine = 0, least = 0] = [losses[pick], losses[best]];
        const root = Math.sqrt(least) + (of?.root ?? 0) + (ofBest?.root ?? 0);
        const allowed =
          loss === 'squared' ? root ** 2 : least + (of?.entropy ?? 0) + (ofBest?.entropy ?? 0);
        expect(mine).toBeLessThanOrEqual(allowed + PICK_TOLERANCE);
      });
    },
  );
});
