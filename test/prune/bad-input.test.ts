import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { METHODS } from '../../src/prune/choices.js';
import { select } from '../../src/prune/methods.js';
import { outputsLoss } from '../../src/reference/selection.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { judgeFor, selectionFaults, weightedOutputs } from './judge.js';
import { drawSample, referenceProblem, type Sample, uploadSample } from './problems.js';
import { greedy, type Run } from './run.js';

const single = drawSample({ examples: 23, width: 7, outputs: 1 }, 10);
const multiple = drawSample({ examples: 23, width: 7, outputs: 3 }, 10);

/** Every rule with every oracle that serves it. */
const WAYS = [
  { rule: 'average', oracle: 'rows' },
  { rule: 'average', oracle: 'gram' },
  { rule: 'average', oracle: 'direct' },
  { rule: 'average', oracle: 'direct', loss: 'cross-entropy' },
  { rule: 'line-search', oracle: 'rows' },
  { rule: 'line-search', oracle: 'gram' },
  { rule: 'corrective', oracle: 'rows' },
  { rule: 'corrective', oracle: 'gram' },
] as const satisfies readonly Run[];

describe('bad input to a selection', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  interface Refusal {
    readonly says: RegExp;
    readonly run: Run;
    readonly sample?: Sample;
  }
  const refusals: readonly Refusal[] = [
    {
      says: /^picks 8 must be no more than width 7: without replacement/,
      run: { picks: 8, replacement: false },
    },
    { says: /^picks must be a whole number from 1 on, not 0\.$/, run: { picks: 0 } },
    { says: /^picks .* not 2\.5/, run: { picks: 2.5 } },
    { says: /^picks .* not NaN/, run: { picks: Number.NaN } },
    { says: /^block .* not 0/, run: { block: 0 } },
    { says: /^block .* not -3/, run: { block: -3, oracle: 'rows' } },
    { says: /^block 8 must be no more than width 7: .* Gram rows/, run: { block: 8 } },
    { says: /^candidates .* not 0/, run: { candidates: 0 } },
    { says: /^candidates 8 must be no more than width 7: /, run: { candidates: 8 } },
    {
      says: /^candidates 3 must be no fewer than picks 5: without replacement they can run out\.$/,
      run: { candidates: 3, picks: 5, replacement: false },
    },
    { says: /^selectionBatch .* not 0/, run: { selectionBatch: 0 } },
    { says: /^selectionBatch 24 must be no more than examples 23: /, run: { selectionBatch: 24 } },
    {
      says: /^selectionBatch 5 goes with rule average only, not with corrective: /,
      run: { selectionBatch: 5, rule: 'corrective' },
    },
    { says: /^targetLoss .* not -1/, run: { targetLoss: -1 } },
    { says: /^targetLoss .* not NaN/, run: { targetLoss: Number.NaN } },
    {
      says: /^rule line-search goes with loss squared only, not with cross-entropy: /,
      run: { rule: 'line-search', loss: 'cross-entropy' },
    },
    {
      says: /^rule corrective goes with loss squared only, not with cross-entropy: /,
      run: { rule: 'corrective', loss: 'cross-entropy' },
    },
    {
      says: /^oracle direct goes with rule average only, not with line-search: /,
      run: { rule: 'line-search', oracle: 'direct' },
    },
    {
      says: /^oracle direct goes with rule average only, not with corrective: /,
      run: { rule: 'corrective', oracle: 'direct' },
    },
    {
      says: /^oracle gram goes with loss squared only, not with cross-entropy: /,
      run: { oracle: 'gram', loss: 'cross-entropy' },
    },
    {
      says: /^selectionBatch 5 goes with oracle direct only, not with rows: /,
      run: { oracle: 'rows', selectionBatch: 5 },
    },
    {
      says: /^block 4 goes with oracle rows only, not with gram: /,
      run: { oracle: 'gram', block: 4 },
    },
    {
      says: /^block 4 goes with oracle rows only, not with direct: /,
      run: { oracle: 'direct', block: 4 },
    },
    {
      says: /^block 4 does not go with selectionBatch 5: /,
      run: { selectionBatch: 5, block: 4 },
    },
    {
      says: /^block 4 goes with loss squared only, not with cross-entropy: /,
      run: { loss: 'cross-entropy', block: 4 },
    },
    {
      says: /^loss cross-entropy needs more than outputs 1: it compares several outputs\.$/,
      run: { loss: 'cross-entropy' },
      sample: single,
    },
  ];
  test.each(refusals)('is refused: $says', async ({ says, run, sample = multiple }) => {
    const live = device.liveBytes;
    await expect(greedy(device, sample, run)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(says),
    });
    expect(device.liveBytes).toBe(live);
  });

  test.each(WAYS)('one neuron that is not a number is told of, $rule, $oracle', async (way) => {
    const live = device.liveBytes;
    for (const replacement of [true, false]) {
      const h = multiple.h.map((x, at) => (at === 9 * 7 + 4 ? Number.NaN : x));
      await expect(
        greedy(device, { ...multiple, h }, { ...way, replacement, picks: 3 }),
      ).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/\(1 in a step\)/),
      });
      const none = multiple.h.map(() => Number.NaN);
      await expect(
        greedy(device, { ...multiple, h: none }, { ...way, replacement, picks: 3 }),
      ).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/\(7 in a step\)/),
      });
    }
    expect(device.liveBytes).toBe(live);
  });

  test.each(WAYS)('infinite outputs are told of or not picked, $rule, $oracle', async (way) => {
    for (const spread of [1, 7]) {
      const h = multiple.h.map((x, at) => (at % 7 < spread ? Number.POSITIVE_INFINITY : x));
      const outcome = await greedy(device, { ...multiple, h }, { ...way, picks: 3 }).catch(
        (error: { code: string }) => error.code,
      );
      // A neuron of infinite loss may be passed over; where all are so there is nothing to pick.
      if (typeof outcome === 'string' || spread === 7) expect(outcome).toBe('bad-data');
      else expect([...outcome.selected]).not.toContain(0);
    }
  });

  test.each(METHODS)(
    'a neuron that is not a number is told of by every method: %s',
    async (method) => {
      using scope = new Scope(device);
      const h = multiple.h.map((x, at) => (at % 7 === 4 ? Number.NaN : x));
      const problem = uploadSample(scope, { ...multiple, h });
      const run = select(device, problem, {
        method,
        picks: 7,
        replacement: false,
        hidden: async () => new Float32Array(7).fill(1),
      });
      await expect(finalResult(run)).rejects.toMatchObject({ code: 'bad-data' });
    },
  );

  test('elimination goes by no other loss than the squared one', async () => {
    using scope = new Scope(device);
    const run = select(device, uploadSample(scope, multiple, 'cross-entropy'), {
      method: 'backward',
      picks: 3,
      replacement: true,
      hidden: async () => new Float32Array(),
    });
    await expect(finalResult(run)).rejects.toMatchObject({
      code: 'bad-config',
      message:
        'method backward goes with loss squared only, not with cross-entropy: it eliminates by the Gram matrix.',
    });
  });

  describe.each(METHODS.slice(1))('%s', (method) => {
    const equal = multiple.h.map((_, at) => multiple.h[at - (at % 7)] ?? 0);
    const weights = multiple.b.map((_, at) => multiple.b[at % 3] ?? 0);
    test.each<[string, Sample]>([
      ['equal neurons', { ...multiple, h: equal, b: weights }],
      ['constant targets', { ...multiple, y: multiple.y.map(() => 1) }],
      ['silent neurons', { ...multiple, h: multiple.h.map(() => 0) }],
      ['one example', drawSample({ examples: 1, width: 7, outputs: 3 }, 0)],
      ['one neuron', drawSample({ examples: 23, width: 1, outputs: 3 }, 0)],
    ])('%s', async (name, sample) => {
      using scope = new Scope(device);
      const n = sample.width;
      const run = select(device, uploadSample(scope, sample), {
        method,
        picks: n,
        replacement: false,
        hidden: async () => new Float32Array(n).fill(1),
      });
      const { selected, loss, kept, finalShares } = await finalResult(run);
      expect([...selected].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      if (name.startsWith('silent') && method !== 'random' && method !== 'magnitude') {
        // All the same to it: the lowest index first, and eliminated first where that is asked.
        const order = [...Array(n).keys()];
        expect([...selected]).toEqual(method === 'backward' ? order.reverse() : order);
      }
      const problem = referenceProblem(sample);
      const expected = outputsLoss(problem, weightedOutputs(problem, { kept, finalShares }));
      expect(Math.abs((loss.at(-1) ?? Number.NaN) - expected)).toBeLessThan(1e-4 * (expected || 1));
    });
  });

  test.each(METHODS)('more picks than neurons, or none, are refused by %s', async (method) => {
    using scope = new Scope(device);
    const problem = uploadSample(scope, single);
    for (const picks of [8, 0, 1.5]) {
      const options = {
        method,
        picks,
        replacement: false,
        hidden: async () => new Float32Array(7),
      };
      await expect(finalResult(select(device, problem, options))).rejects.toMatchObject({
        code: 'bad-config',
        message: expect.stringMatching(/^picks /),
      });
    }
  });

  describe.each(WAYS)('$rule, $oracle, $loss', (way) => {
    const { rule, loss = 'squared' }: Run = way;
    const judged = async (sample: Sample, run: Run = {}) => {
      const replacement = run.replacement ?? true;
      const found = await greedy(device, sample, { ...way, ...run });
      const judge = judgeFor(referenceProblem(sample, loss), rule, replacement);
      expect(selectionFaults(judge, found)).toEqual([]);
      return found;
    };

    test('equal neurons', async () => {
      const h = multiple.h.map((_, at) => multiple.h[at - (at % 7)] ?? 0);
      const b = multiple.b.map((_, at) => multiple.b[at % 3] ?? 0);
      const sample = { ...multiple, h, b };
      const found = await judged(sample, { picks: 4 });
      expect([...new Set(found.selected)]).toEqual([0]);
      const each = await judged(sample, { picks: 4, replacement: false });
      const count = rule === 'average' ? 4 : each.selected.length;
      expect([...each.selected]).toEqual([0, 1, 2, 3].slice(0, count));
    });

    test('constant targets', async () => {
      for (const value of [0, 1]) {
        const y = multiple.y.map((_, at) =>
          loss === 'squared' ? value : Number(at % 3 === value),
        );
        await judged({ ...multiple, y }, { picks: 5 });
      }
    });

    test('silent neurons', async () => {
      const h = multiple.h.map((x, at) => (at % 7 === 2 ? x : 0));
      await judged({ ...multiple, h }, { picks: 5 });
      const found = await judged({ ...multiple, h: h.map(() => 0) }, { picks: 3 });
      expect(found.selected[0]).toBe(0);
      const problem = referenceProblem(multiple, loss);
      const nothing = outputsLoss(problem, new Float64Array(problem.y.length));
      expect(found.loss[0]).toBeCloseTo(nothing, 5);
    });

    test('one example', async () => {
      await judged(drawSample({ examples: 1, width: 7, outputs: 3 }, 0), { picks: 5 });
    });

    test('one neuron', async () => {
      const sample = drawSample({ examples: 23, width: 1, outputs: 3 }, 0);
      const found = await judged(sample, { picks: 4 });
      expect([...new Set(found.selected)]).toEqual([0]);
      const alone = await judged(sample, { picks: 1, replacement: false });
      expect([...alone.selected]).toEqual([0]);
    });

    test('one example and one neuron', async () => {
      await judged(drawSample({ examples: 1, width: 1, outputs: 3 }, 0), { picks: 2 });
    });
  });
});
