import { describe, expect, test } from 'vitest';
import { defaultStudyFolder } from '../../src/cli/study-folder.js';
import { EspalierError } from '../../src/errors.js';
import {
  checkpointCount,
  checkpointIterations,
  parseRunConfig,
} from '../../src/experiment/run-config.js';
import {
  cellCount,
  listPrunings,
  listTrials,
  trialName,
  trialOperations,
} from '../../src/study/grid.js';
import { differingKey, parseStudyConfig, studyIdentity } from '../../src/study/study-config.js';

test('the presets are those of the issue, and a given key wins', () => {
  const quick = parseStudyConfig({});
  expect(quick).toMatchObject({
    preset: 'quick',
    sizes: [125, 250, 500, 1000, 2000],
    trials: 3,
    width: [256],
    activation: 'tanh',
    batch: [64],
    learningRate: [1],
    iterations: 1000,
    pruneEvery: 50,
    picks: [100],
    fineTune: 0,
  });
  expect(cellCount(quick)).toBe(5 * 3 * 21);
  const paper = parseStudyConfig({ preset: 'paper', trials: 1, width: [64, 128] });
  expect(paper).toMatchObject({ trials: 1, width: [64, 128], iterations: 8000, picks: [200] });
  expect(paper.sizes).toHaveLength(11);
});

describe('a bad configuration is refused by name', () => {
  test.each([
    [{ sizes: [] }, /^sizes must be .* in ascending order, none of them twice, not \[\]\.$/],
    [{ sizes: [250, 125] }, /^sizes must be .* in ascending order, .* not \[250,125\]\.$/],
    [{ sizes: [125, 125] }, /^sizes /],
    [{ sizes: [1.5] }, /^sizes /],
    [{ trials: 0 }, /^trials must be .* from 1 to 1000, not 0/],
    [{ trials: 1e9 }, /^trials must be .* from 1 to 1000, not 1000000000/],
    [{ pruneEvery: 0 }, /^pruneEvery must be/],
    [{ iterations: 100, pruneEvery: 101 }, /^pruneEvery 101 must be no more than iterations 100: /],
    [{ iterations: 40 }, /^pruneEvery 50 \(the default\) must be no more than iterations 40: /],
    [{ tolerance: 0 }, /^tolerance must be .* above 0 and below 1, not 0/],
    [{ tolerance: 1 }, /^tolerance .* not 1/],
    [{ level: -1 }, /^level must be .* above 0, not -1/],
    [{ width: [8, 8] }, /^width must be .* none comes twice/],
    [{ width: [] }, /^width /],
    [{ batch: 'most' }, /^batch must be "full" or a whole number/],
    [
      { replacement: false, width: [300, 90] },
      /^picks 100 \(the default\) must be no more than width 90: without replacement/,
    ],
    [
      { method: ['greedy', 'best'] },
      /^method must be one of greedy, random, .*not \["greedy","best"\]/,
    ],
    [{ method: ['random'], picks: 300 }, /^picks 300 .*only greedy picks a neuron twice\.$/],
    [{ method: 'random', width: 64 }, /^picks 100 \(the default\) must be/],
    [
      { preset: 'paper', width: 64, replacement: false },
      /^picks 200 \(the default\) must be no more than width 64: /,
    ],
    [
      { loss: 'cross-entropy' },
      /^loss cross-entropy goes with task digits only, not with below-five \(the default\): /,
    ],
    [
      { loss: 'cross-entropy', task: 'digits', rule: ['average', 'corrective'] },
      /^rule corrective goes with loss squared only, not with cross-entropy: /,
    ],
    [
      { loss: 'cross-entropy', task: 'digits', method: ['greedy', 'backward'] },
      /^method backward goes with loss squared only, not with cross-entropy: /,
    ],
    [
      { method: ['random', 'magnitude'], picks: 9, rule: ['average', 'corrective'] },
      /^rule corrective goes with method greedy only, not with random: /,
    ],
    [{ preset: 'slow' }, /^preset must be one of quick, paper, not "slow"/],
    [{ examples: 5 }, /^Unknown configuration key "examples"\. The keys are preset, data/],
  ])('%j', (given, message) => {
    expect(() => parseStudyConfig(given)).toThrow(EspalierError);
    expect(() => parseStudyConfig(given)).toThrow(message);
  });
});

describe('a bad configuration of a run is refused by name', () => {
  test.each([
    [
      { width: 50, replacement: false },
      /^picks 100 \(the default\) must be no more than width 50: without replacement/,
    ],
    [
      { picks: 300, replacement: false },
      /^picks 300 must be no more than width 256 \(the default\): /,
    ],
    [{ width: 64, method: 'magnitude' }, /^picks 100 \(the default\) .*only greedy/],
    [{ width: 64, method: 'magnitude', picks: 65 }, /^picks 65 must be no more than width 64: /],
    [
      { loss: 'cross-entropy', task: 'digits', method: 'backward' },
      /^method backward goes with loss squared only, not with cross-entropy: /,
    ],
    [{ method: 'random', targetLoss: 0.1 }, /^targetLoss 0\.1 goes with method greedy only/],
    [
      { method: 'scratch', targetFraction: 2 },
      /^targetFraction 2 .* greedy only, not with scratch/,
    ],
    [{ method: 'backward', untilStalled: true }, /^untilStalled true goes .* greedy only/],
    [{ method: 'gradient', candidates: 3 }, /^candidates 3 goes with method greedy only/],
    [{ method: 'magnitude', selectionBatch: 3 }, /^selectionBatch 3 goes with method greedy only/],
    [{ method: 'activation', oracle: 'rows' }, /^oracle rows goes with method greedy only/],
    [{ method: 'random', block: 4 }, /^block 4 goes with method greedy only/],
    [{ method: 'random', rule: 'line-search' }, /^rule line-search goes with method greedy only/],
  ])('%j', (given, message) => {
    expect(() => parseRunConfig(given)).toThrow(EspalierError);
    expect(() => parseRunConfig(given)).toThrow(message);
  });
});

test('trials are named apart, and cost more where they do more', () => {
  const config = parseStudyConfig({ width: [8, 16], batch: [4, 'full'], learningRate: [1, 0.5] });
  const trials = listTrials(config);
  expect(trials).toHaveLength(5 * 3 * 8);
  expect(cellCount(config)).toBe(trials.length * 21);
  expect(new Set(trials.map(trialName)).size).toBe(trials.length);
  expect(trials.map(trialName)[0]).toBe('m125-r0-n8-lr1-b4');
  const cost = (change: object) =>
    trialOperations(config, { ...trials[0]!, ...change }, 785, 10_000);
  expect(cost({ width: 16 }) / cost({ width: 8 })).toBeCloseTo(2, 2);
  expect(cost({ batch: 'full' })).toBeGreaterThan(cost({}));
  expect(cost({ examples: 250 })).toBeGreaterThan(cost({}));
});

test('each rule is swept for greedy selection, and the other methods come once', () => {
  const swept = { method: ['greedy', 'random'], rule: ['average', 'corrective'], picks: [5, 9] };
  const prunings = listPrunings(parseStudyConfig(swept));
  expect(prunings.map(({ method, rule, picks }) => `${method} ${rule} ${picks}`)).toEqual([
    'greedy average 5',
    'greedy average 9',
    'greedy corrective 5',
    'greedy corrective 9',
    'random average 5',
    'random average 9',
  ]);
});

test('two studies differ by what makes their figures, not by where they run', () => {
  const one = parseStudyConfig({});
  const elsewhere = { out: 'there', host: 'chrome', adapter: 'software', tuning: 'fixed' };
  const other = parseStudyConfig({ ...elsewhere, level: 1, tolerance: 0.2 });
  expect(differingKey(one, other)).toBe(undefined);
  expect(studyIdentity(other)).toBe(studyIdentity(one));
  expect(defaultStudyFolder(other)).toBe(defaultStudyFolder(one));
  const renamed = { ...other, preset: 'paper' } as const;
  expect(studyIdentity(renamed)).toBe(studyIdentity(one));
  expect(defaultStudyFolder(renamed)).toBe(defaultStudyFolder(one).replace('quick', 'paper'));
  for (const change of [{ seed: 1 }, { storage: 'f16' }, { fineTune: 1 }, { data: 'there' }]) {
    const changed = parseStudyConfig(change);
    expect([differingKey(one, changed)]).toEqual(Object.keys(change));
    expect(studyIdentity(changed)).not.toBe(studyIdentity(one));
    expect(defaultStudyFolder(changed)).not.toBe(defaultStudyFolder(one));
  }
  expect(differingKey(one, parseStudyConfig({ seed: 1, trials: 4 }))).toBe('trials');
  expect(differingKey(one, parseStudyConfig({ batch: [64, 128] }))).toBe('batch');
});

test('more checkpoints or cells than are listed are refused at once, with what would do', () => {
  const start = performance.now();
  const refused = (given: object) => () => parseStudyConfig({ sizes: [10], trials: 1, ...given });
  expect(refused({ iterations: 1e9, pruneEvery: 1 })).toThrow(
    /^pruneEvery must be 10001 or more, not 1: 1000000000 iterations .* more than 100000 checkpoints/,
  );
  expect(() => parseRunConfig({ iterations: 20_000_000, pruneEvery: 1 })).toThrow(
    /^pruneEvery must be 201 or more/,
  );
  const many = Array.from({ length: 100 }, (_, i) => i + 100);
  expect(
    refused({ sizes: many, trials: 1000, width: many, iterations: 10, pruneEvery: 5 }),
  ).toThrow(/^The study would have 30000000 cells, more than 1000000/);
  expect(performance.now() - start).toBeLessThan(500);
  for (const [iterations, every] of [
    [0, 0],
    [0, 3],
    [1, 1],
    [7, 0],
    [7, 3],
    [9, 3],
    [9, 10],
    [20_099_799, 201],
  ] as const) {
    expect(checkpointCount(iterations, every)).toBe(checkpointIterations(iterations, every).length);
  }
});
