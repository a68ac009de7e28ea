import { describe, expect, test } from 'vitest';
import { compareWith, requireSameAdapter } from '../../bench/baseline.js';
import { parseReport } from '../../bench/report.js';
import { benchTable } from '../../src/cli/bench-table.js';
import { sampleReport, sampleResult } from './fixture.js';

describe('a baseline', () => {
  const before = sampleResult('matmul', { medianMs: 10, lowMs: 9, highMs: 11 });
  const baseline = { file: 'old.json', report: sampleReport([before]) };

  test.each([
    [
      { lowMs: 7, medianMs: 8, highMs: 8.9 },
      { ratio: 0.8, verdict: 'faster' },
    ],
    [
      { lowMs: 7, medianMs: 8, highMs: 9.1 },
      { ratio: 0.8, verdict: 'within noise' },
    ],
    [
      { lowMs: 9, medianMs: 10, highMs: 11 },
      { ratio: 1, verdict: 'within noise' },
    ],
    [
      { lowMs: 10.9, medianMs: 12, highMs: 13 },
      { ratio: 1.2, verdict: 'within noise' },
    ],
    [
      { lowMs: 11.1, medianMs: 12, highMs: 13 },
      { ratio: 1.2, verdict: 'slower' },
    ],
  ])('against 9–10–11 ms, %j is %j', (times, expected) => {
    const found = compareWith(baseline, { ...before, ...times });
    expect(found).toMatchObject(expected);
    expect(found?.low).toBeCloseTo(times.lowMs / 11, 12);
    expect(found?.high).toBeCloseTo(times.highMs / 9, 12);
  });

  test('gives no verdict on a single run, of which nothing is known but its time', () => {
    const once = { ...before, samples: 1, medianMs: 5, lowMs: 5, highMs: 5 };
    expect(compareWith(baseline, once)).toMatchObject({ ratio: 0.5, verdict: 'too few runs' });
    const earlier = { ...baseline, report: sampleReport([once]) };
    expect(compareWith(earlier, before)).toMatchObject({ ratio: 2, verdict: 'too few runs' });
  });

  test('gives no verdict across clocks, where both are told', () => {
    const [gpu, wall] = [
      { ...before, clock: 'gpu' },
      { ...before, clock: 'wall' },
    ] as const;
    const earlier = { ...baseline, report: sampleReport([gpu]) };
    expect(compareWith(earlier, wall)).toMatchObject({ verdict: 'other clock' });
    expect(compareWith(earlier, gpu)).toMatchObject({ verdict: 'within noise' });
    expect(compareWith(baseline, wall)).toMatchObject({ verdict: 'within noise' });
  });

  test('is looked up by work, shape in any order, subject and variant', () => {
    expect(compareWith(baseline, { ...before, shape: { n: 1024, m: 128 } })?.ratio).toBe(1);
    for (const other of [
      { work: 'hidden' },
      { shape: { m: 128, n: 1023 } },
      { shape: { m: 128 } },
      { subject: 'tfjs' },
      { variant: 'lanes' },
    ] as const) {
      expect(compareWith(baseline, { ...before, ...other })).toBeUndefined();
    }
  });

  test('from another adapter is refused; another host may name the same one differently', () => {
    const { adapter } = baseline.report;
    const check = (changes: object, host: 'node' | 'chrome') => () =>
      requireSameAdapter(baseline, {
        adapter: { ...adapter, subgroupSize: undefined, ...changes },
        host,
      });
    expect(check({}, 'node')).not.toThrow();
    expect(check({ name: 'A Card', device: 'A Card' }, 'chrome')).not.toThrow();
    for (const changes of [{ driver: 'driver 1.3' }, { device: 'b card' }, { vendor: 'other' }]) {
      expect(check(changes, 'node')).toThrow(
        expect.objectContaining({
          code: 'bad-config',
          message: expect.stringMatching(
            /^--baseline old\.json was measured on "a card, maker.*--force/,
          ),
        }),
      );
    }
  });

  test.each<[string, object | string, RegExp]>([
    ['no JSON', '{ "date": ', /^old\.json .* not JSON/],
    ['another file', [], /^old\.json is no result of .*: it: .*object/],
    ['a lacking key', { limits: undefined }, /"limits": /],
    ['an unknown key', { colour: 'red' }, /colour/],
    ['a negative time', { results: [sampleResult('loss', { lowMs: -1 })] }, /"results\.0\.lowMs"/],
    [
      'times out of order',
      { results: [sampleResult('loss', { medianMs: 12 })] },
      /"results\.0\.medianMs": must lie between lowMs and highMs/,
    ],
    ['a hidden key', { '\u001b[2J': 1 }, /\\u\{1b\}\[2J/],
  ])('that is %s is refused, naming file and key', (_, content, message) => {
    const text =
      typeof content === 'string'
        ? content
        : JSON.stringify(
            Array.isArray(content) ? content : { ...sampleReport([before]), ...content },
          );
    expect(() => parseReport(text, 'old.json')).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringMatching(message) }),
    );
    expect(parseReport(JSON.stringify(baseline.report), 'old.json')).toEqual(baseline.report);
  });
});

test('the table has figures, comparisons and reasons', () => {
  const wrong = { verified: false, medianMs: null, lowMs: null, highMs: null } as const;
  const refused = {
    ...sampleResult('loss'),
    ...wrong,
    gflops: null,
    gbps: null,
    shareOfLimit: null,
  };
  const fast = sampleResult('matmul', { medianMs: 5, lowMs: 4.9, highMs: 5.1 });
  const table = benchTable(
    sampleReport([
      fast,
      sampleResult('pick', { gflops: 0, samples: 1 }),
      sampleResult('hidden', { clock: 'gpu' }),
      refused,
    ]),
    {
      clock: 'gpu',
      // As they arrive from a page: equal, but not the same object.
      omissions: [
        { entry: { ...refused }, reason: 'element 3 is off', wrong: true },
        { entry: { ...fast, variant: 'subgroup' }, reason: 'no subgroups', wrong: false },
      ],
      disturbances: [
        { work: 'matmul', share: 0.8 },
        { work: 'matmul', share: 0.5 },
      ],
      baseline: {
        file: 'old.json',
        report: {
          ...sampleReport([sampleResult('matmul'), sampleResult('hidden', { clock: 'wall' })]),
          host: 'chrome',
        },
      },
    },
  );
  const lines = table.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
  const first = lines.indexOf('matmul m=128,n=1024');
  expect(lines.slice(first, first + 9)).toEqual([
    'matmul m=128,n=1024',
    ' espalier default yes 5.00 4.90–5.10 1.00× 2.00 1.00 25.0 % copy 0.50 0.45–0.57 faster',
    ' espalier subgroup – skipped: no subgroups',
    'pick m=128,n=1024',
    ' espalier default yes 10.0 one run 1.00× – 1.00 25.0 % copy – – not in the baseline',
    'hidden m=128,n=1024',
    ' espalier default yes 10.0 9.00–11.0 1.00× 2.00 1.00 25.0 % copy – – other clock',
    'loss m=128,n=1024',
    ' espalier default NO element 3 is off',
  ]);
  expect(table).toContain('Adapter: a card. Driver: driver 1.2. Host: node.');
  expect(table).toContain('espalier 0.1.0, node 20.20.2, webgpu 0.6.2. 2026-11-22T17:00:00.000Z.');
  expect(table).toContain('Baseline: old.json, chrome, 2026-11-22T17:00:00.000Z. It ran in chrome');
  expect(table).toMatch(/its limit \(matmul 50 %\)/);
});
