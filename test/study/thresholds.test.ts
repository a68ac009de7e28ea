import { describe, expect, test } from 'vitest';
import { analyse, recordOfAnalyses } from '../../src/study/analysis.js';
import { type Cell, cellKey, cellSchema, cellsCsv, parseCell } from '../../src/study/cell.js';
import {
  cellCount,
  hasCell,
  listPrunings,
  listTrials,
  studyCheckpoints,
} from '../../src/study/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import {
  type Course,
  type Criterion,
  commonLevel,
  findCrossing,
  findThreshold,
} from '../../src/study/thresholds.js';

function courseFromLosses(losses: readonly number[], changes: Partial<Cell> = {}): Course {
  const cells = losses.map(
    (subnetworkLoss, place): Cell => ({
      examples: 100,
      trial: 0,
      iteration: 10 * place,
      width: 8,
      picks: 4,
      method: 'greedy',
      rule: 'average',
      learningRate: 1,
      batch: 16,
      inputs: 785,
      crc32: '0badcafe',
      denseLoss: 0.3,
      subnetworkLoss,
      denseTestLoss: 0.4,
      subnetworkTestLoss: 0.4,
      denseTestAccuracy: 0.8,
      subnetworkTestAccuracy: 0.7,
      distinct: 3,
      passes: 2,
      seconds: 1,
      adapter: 'an adapter, "quoted"',
      ...changes,
    }),
  );
  return cells as unknown as Course;
}

const at = (level: number): Criterion => ({ name: 'absolute', level });
const within = (tolerance: number): Criterion => ({ name: 'relative', tolerance });

describe('the threshold', () => {
  test.each([
    ['is the first checkpoint from which the loss stays', [5, 3, 1, 3, 1, 1], at(2), 40, 30],
    ['counts a loss of exactly the level', [5, 2, 2], at(2), 10, 0],
    ['is the last checkpoint when only that holds', [5, 4, 1], at(2), 20, 10],
    ['is 0 when every checkpoint holds', [1, 1, 1], at(2), 0, null],
    ['is censored when the last fails, whatever came before', [1, 1, 5], at(2), null, 20],
    ['is censored by a loss that is no number', [1, 1, Number.NaN], at(2), null, 20],
    [
      'needs a share of the way from the first loss to the best',
      [11, 4, 2, 1],
      within(0.1),
      20,
      10,
    ],
    ['knows the best where it is not the last', [11, 1, 2.1, 1.9], within(0.1), 30, 20],
    ['is censored when the loss rises again', [11, 1, 5], within(0.1), null, 20],
    ['is 0 where pre-training brought nothing', [1, 1, 1], within(0.1), 0, null],
  ] as const)('%s', (_, losses, criterion, iteration, after) => {
    const censored = iteration === null;
    expect(findThreshold(courseFromLosses(losses), criterion)).toEqual({
      examples: 100,
      trial: 0,
      iteration,
      after,
      censored,
    });
  });
});

test('the default level has two digits, and every trial stays below it at its end', () => {
  const courses = [
    courseFromLosses([1, 0.0123]),
    courseFromLosses([0.001, 0.02199], { examples: 50 }),
  ];
  expect(commonLevel(courses)).toBe(0.025);
  for (const course of courses) {
    expect(findThreshold(course, at(commonLevel(courses))).censored).toBe(false);
  }
  expect(commonLevel([courseFromLosses([0, 0])])).toBe(0);
  expect(commonLevel([courseFromLosses([3, 912])])).toBe(1100);
});

test('the subnetwork beats the dense network of the end, or never does', () => {
  const course = courseFromLosses([0.5, 0.3, 0.1]);
  expect(findCrossing(course)).toEqual({ examples: 100, trial: 0, byLoss: 10, byAccuracy: null });
  expect(findCrossing(courseFromLosses([0.5, 0.4], { subnetworkTestAccuracy: 0.8 }))).toMatchObject(
    {
      byLoss: null,
      byAccuracy: 0,
    },
  );
});

test('an analysis takes each setting by itself, whole trials only, in any order of cells', () => {
  const config = parseStudyConfig({
    sizes: [100, 200, 400],
    trials: 2,
    width: 8,
    batch: 16,
    picks: [4, 6],
    iterations: 100,
    pruneEvery: 10,
  });
  const falling = (half: number) =>
    Array.from({ length: 11 }, (_, place) => 0.5 ** ((10 * place) / half));
  const cells = [100, 200, 400].flatMap((examples, size) =>
    [0, 1].flatMap((trial) =>
      [4, 6].flatMap((picks) => [
        ...courseFromLosses(falling(4 + 4 * size + trial), {
          examples,
          trial,
          picks,
          adapter: 'a',
        }).map((cell, place) => ({ ...cell, iteration: 10 * place })),
      ]),
    ),
  );
  const shuffled = cells.toSorted((a, b) => (cellKey(a) < cellKey(b) ? 1 : -1));
  const unfinished = shuffled.filter(
    ({ examples, trial, iteration }) => !(examples === 400 && trial === 1 && iteration === 50),
  );
  const analyses = analyse({ ...config, level: 0.2 }, unfinished);
  expect(analyses.map(({ setting }) => setting.picks)).toEqual([4, 6]);
  const [{ absolute, relative, courses } = {} as never] = analyses;
  expect(courses).toHaveLength(5);
  expect(absolute?.thresholds.map(({ iteration }) => iteration)).toEqual([10, 20, 20, 30, 30]);
  expect(relative?.thresholds).toHaveLength(5);
  expect(absolute?.fits.map(({ model }) => model).toSorted()).toEqual([
    'constant',
    'logarithm',
    'power',
    'theory',
  ]);
  expect(absolute?.supported).toContain(absolute?.fits[0]?.model);
  const record = JSON.parse(JSON.stringify(recordOfAnalyses(analyses)));
  expect(record.settings[0].absolute.criterion).toEqual({ name: 'absolute', level: 0.2 });
  expect(record.settings[0].absolute.fits[0].parameters).toBeDefined();
});

test('cells go into a table and come back from their lines', () => {
  const [cell] = courseFromLosses([0.25]);
  const [header, row, end] = cellsCsv([cell]).split('\n');
  expect(header).toBe(
    Object.keys(cellSchema.shape)
      .filter((name) => !/^(fineTuned|continued|scratch)/.test(name))
      .join(),
  );
  expect(row).toMatch(
    /^100,0,0,8,4,greedy,average,1,16,785,0badcafe,0\.3,0\.25,.*,"an adapter, ""quoted"""$/,
  );
  expect(end).toBe('');
  expect(parseCell(JSON.stringify(cell), 'cells.jsonl', 7)).toEqual(cell);
  expect(() => parseCell('{"examples":', 'cells.jsonl', 7)).toThrow(
    /^cells\.jsonl, line 7, is corrupt \(it is not JSON\)/,
  );
  expect(() => parseCell(JSON.stringify({ ...cell, denseLoss: 'low' }), 'cells.jsonl', 7)).toThrow(
    /line 7, is corrupt \(denseLoss: /,
  );
  expect(parseCell(`\ufeff${JSON.stringify(cell)}\r`, 'cells.jsonl', 1)).toEqual(cell);
  for (const [key, impossible] of [
    ['subnetworkTestAccuracy', 1.8],
    ['denseTestAccuracy', -0.1],
    ['subnetworkLoss', -5],
    ['denseTestLoss', null],
    ['seconds', -5],
    ['distinct', 1e15],
    ['distinct', 5],
    ['iteration', 0.5],
    ['learningRate', 0],
    ['crc32', 'x'],
  ] as const) {
    const line = JSON.stringify({ ...cell, [key]: impossible });
    expect(() => parseCell(line, 'cells.jsonl', 7)).toThrow(
      new RegExp(`^cells\\.jsonl, line 7, is corrupt \\(${key}: `),
    );
  }
});

test('a study has the cells of its grid, and no others', () => {
  const config = parseStudyConfig({
    sizes: [100, 200],
    trials: 2,
    width: 8,
    batch: [16, 'full'],
    iterations: 25,
    pruneEvery: 10,
    picks: 4,
    method: ['greedy', 'random'],
    rule: 'line-search',
  });
  const cell = { examples: 100, trial: 0, width: 8, learningRate: 1, batch: 16, iteration: 10 };
  const greedy = { ...cell, picks: 4, method: 'greedy', rule: 'line-search' };
  // As many as the study counts, and each that it lists.
  const all = listTrials(config).flatMap((trial) =>
    studyCheckpoints(config).flatMap((iteration) =>
      listPrunings(config).map((pruning) => ({ ...trial, ...pruning, iteration })),
    ),
  );
  expect(all).toHaveLength(cellCount(config));
  expect(all.every((each) => hasCell(config, each))).toBe(true);
  expect(hasCell(config, greedy)).toBe(true);
  for (const other of [
    { examples: 77_777 },
    { trial: 2 },
    { width: 9 },
    { learningRate: 2 },
    { batch: 17 },
    { iteration: 11 },
    { iteration: 30 },
    { picks: 5 },
    { method: 'magnitude' },
    { rule: 'average' },
    { method: 'random' },
  ]) {
    expect(hasCell(config, { ...greedy, ...other } as typeof greedy)).toBe(false);
  }
});
