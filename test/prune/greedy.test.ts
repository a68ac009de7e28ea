import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LossKind } from '../../shaders/point-loss.js';
import type { Device } from '../../src/gpu/device.js';
import type { OracleName, RuleName } from '../../src/prune/choices.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { bestPick, decidedSteps, judgeFor, selectionFaults } from './judge.js';
import { drawSample, type Layout, referenceProblem } from './problems.js';
import { greedy } from './run.js';

const SHAPES = [
  { examples: 131, width: 41, outputs: 1 },
  { examples: 67, width: 37, outputs: 2 },
  { examples: 53, width: 29, outputs: 10 },
] as const;

const SAMPLES = SHAPES.flatMap((shape) => [
  { name: `untrained, C = ${shape.outputs}`, sample: drawSample(shape, 0) },
  { name: `trained, C = ${shape.outputs}`, sample: drawSample(shape, 100) },
]);

const SUBJECTS: readonly (readonly [rule: RuleName, loss: LossKind])[] = [
  ['average', 'squared'],
  ['line-search', 'squared'],
  ['corrective', 'squared'],
  ['average', 'cross-entropy'],
];

const ORACLES: readonly ({ readonly oracle: OracleName } & Layout)[] = [
  { oracle: 'rows' },
  { oracle: 'rows', rowsPerChunk: 23 },
  { oracle: 'rows', rowsPerChunk: 31, streamed: true },
  { oracle: 'gram' },
  { oracle: 'gram', rowsPerChunk: 19, streamed: true },
  { oracle: 'direct' },
  { oracle: 'direct', rowsPerChunk: 23 },
  { oracle: 'direct', rowsPerChunk: 37, streamed: true },
];

const CASES = SAMPLES.flatMap(({ name, sample }) =>
  SUBJECTS.filter(([, loss]) => loss === 'squared' || sample.outputs > 1).flatMap(([rule, loss]) =>
    [true, false].map((replacement) => ({
      name: `${rule}, ${loss}, ${replacement ? 'with' : 'without'} replacement, ${name}`,
      sample,
      rule,
      loss,
      replacement,
    })),
  ),
);

describe('greedy selection against float64', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  test.each(CASES)('$name', async ({ sample, rule, loss, replacement }) => {
    const judge = judgeFor(referenceProblem(sample, loss), rule, replacement);
    const oracles = ORACLES.filter(
      ({ oracle }) =>
        (rule === 'average' || oracle !== 'direct') && (loss === 'squared' || oracle === 'direct'),
    );
    const live = device.liveBytes;
    const found: { readonly name: string; readonly picks: readonly number[] }[] = [];
    for (const wish of oracles) {
      const selection = await greedy(device, sample, { ...wish, rule, loss, replacement });
      const name = JSON.stringify(wish);
      expect({ name, faults: selectionFaults(judge, selection) }).toEqual({ name, faults: [] });
      expect(selection.plan.oracle).toBe(wish.oracle);
      found.push({ name, picks: [...selection.selected] });
      const { stopped, selected } = selection;
      if (stopped === 'count') expect(selected).toHaveLength(9);
      else {
        const picks = [...selected];
        const { pick } = bestPick(judge, picks);
        expect(judge.loss(picks) - judge.loss([...picks, pick])).toBeLessThan(1e-5);
      }
    }
    const [first = { picks: [] }] = found;
    const decided = decidedSteps(judge, first.picks);
    for (const { name, picks } of found) {
      expect({ name, picks: picks.slice(0, decided) }).toEqual({
        name,
        picks: first.picks.slice(0, decided),
      });
    }
    expect(device.liveBytes).toBe(live);
  });
});
