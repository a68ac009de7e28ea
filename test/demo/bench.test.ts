import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { BENCH_NAMES } from '../../bench/bench.js';
import { type BenchReport, type MeasuredResult, reportSchema } from '../../bench/report.js';
import { emptyDispatches, percentOfLimit, threeDigits } from '../../bench/words.js';
import { reportMarkdown } from '../../demo/bench/markdown.js';
import { benchRows } from '../../demo/bench/record.js';
import { clocksUsed, comparisonText, disturbance } from '../../demo/bench/words.js';
import {
  button,
  clipboardOf,
  drop,
  openTab,
  seriousFindings,
  servedPage,
  textAt,
} from './fixture.js';

const demo = servedPage();

const timed = (page: Page, rows: number) =>
  page.waitForFunction(
    (least) => document.querySelectorAll('.results tbody tr:not(.waiting)').length >= least,
    {},
    rows,
  );

/** What a browser would have measured, by a factor faster or slower. */
function report(factor: number, patch: Partial<BenchReport> = {}): BenchReport {
  return reportSchema.parse({
    date: '2026-11-28T12:00:00.000Z',
    adapter: {
      ...{ name: 'Card', vendor: 'v', architecture: 'a', device: 'd', driver: '5.1' },
      kind: 'hardware',
    },
    host: 'browser',
    versions: { espalier: '0.1.0', chrome: '147.0' },
    limits: { copyGBps: 100, fmaGflops: 1000, dispatchMicros: 10, submitMicros: 20 },
    wallStepMicros: 5,
    disturbed: [],
    results: [
      ['pick', 0.05],
      ['matmul', 2],
    ].map(([work, millis]) => ({
      ...{ work, shape: { n: 8 }, subject: 'espalier', variant: 'tiled' },
      ...{ verified: true, clock: 'gpu', samples: 9 },
      medianMs: factor * Number(millis),
      lowMs: 0.9 * factor * Number(millis),
      highMs: 1.1 * factor * Number(millis),
      ...{ gflops: 1, gbps: 1, shareOfLimit: 0.01 },
    })),
    ...patch,
  });
}

test('a copy tells intervals, samples, clock, variant and whether something disturbed it', () => {
  const disturbed = report(1, { disturbed: [{ work: 'pick', share: 0.5 }] });
  const markdown = reportMarkdown(disturbed, { file: 'old.json', report: report(2) });
  expect(markdown).toMatch(/^Measured 2026-11-28T12:00:00.000Z on Card, driver 5.1; in a browser/);
  expect(markdown).toContain(
    'Machine disturbed: after pick it was 50 % as fast as when the limits were measured.',
  );
  expect(markdown).toContain('Its machine undisturbed');
  const cells = markdown.split('\n').flatMap((line) => {
    const [, work, ...others] = line.split(' | ').map((cell) => cell.replaceAll('|', '').trim());
    return line.startsWith('| pick') ? [[work, ...others]] : [];
  });
  expect(cells).toEqual([
    [
      ...['n=8', 'espalier', 'tiled', '0.0500', '0.0450–0.0550', '9', 'gpu', '1.00', '1.00'],
      ...['1.00 % copy', '5.00', '0.50× (0.41–0.61)', 'faster, disturbed'],
    ],
  ]);
  expect(markdown).not.toContain('fewer than six');
  const few = report(1);
  const results = few.results.map((result) => ({ ...result, samples: 4 })) as typeof few.results;
  const footnoted = reportMarkdown({ ...few, results });
  expect(footnoted).toContain(' 0.0450–0.0550* | 4 |');
  expect(footnoted).toMatch(/\n\\\* The range of fewer than six samples/);
  expect(disturbance(report(1))).toMatch(/^undisturbed/);
  expect(disturbance(report(1, { disturbed: [{ work: 'pick', share: 1.82 }] }))).toContain(
    'after pick it was 1.8 times as fast as when the limits were measured. Something else',
  );
  const { disturbed: _, ...silent } = report(1);
  expect(disturbance(silent)).toBe('not told');
});

test('another machine is compared by both intervals', () => {
  expect(comparisonText(report(1), report(2))).toBe(
    'Of 2 pieces of work in common, 2 faster here, 0 slower here, 0 without a difference.',
  );
  const disturbed = report(2, { disturbed: [{ work: 'pick', share: 0.5 }] });
  expect(comparisonText(report(1), disturbed)).toMatch(
    /2 faster here.* Something disturbed \d of them\.$/,
  );
  expect(comparisonText(report(1), report(1.1))).toMatch(/2 without a difference\.$/);
  const walled = report(1, {
    results: report(1).results.map((result) =>
      result.verified ? { ...result, clock: 'wall' as const } : result,
    ),
  });
  expect(comparisonText(walled, report(3))).toMatch(/2 that cannot be told\.$/);
  expect(comparisonText(report(1), report(1, { results: [] }))).toMatch(/nothing|no work/);
  expect(clocksUsed(walled)).toBe('the wall clock, in steps of 5.00 µs');
});

test('tasks come before the kernels, at shapes that the built-in digits are enough for', () => {
  const request = {
    names: ['selection', 'pick', 'sgd-step'],
    quick: true,
    shapes: { selection: { n: 256, m: 1000 } },
  };
  const [pick] = report(1).results;
  if (!pick) throw new Error('The report is empty.');
  const record = {
    report: report(1, { results: [pick, { ...pick, subject: 'jax-js' }] }),
    troubles: { 'selection espalier': 'no', 'selection tfjs': 'it fails' },
  };
  expect(benchRows(request, record)).toMatchObject([
    { work: 'sgd-step', shape: { n: 1024 }, rivals: [] },
    {
      ...{ work: 'selection', shape: { n: 256, m: 1000 }, trouble: 'no' },
      rivals: [{ subject: 'tfjs', trouble: 'it fails' }],
    },
    {
      ...{ work: 'pick', result: { subject: 'espalier', medianMs: 0.05 } },
      rivals: [{ subject: 'jax-js', result: { subject: 'jax-js' } }],
    },
  ]);
});

test('times the kernels row by row, stops, goes on, and copies what it has', async () => {
  const { page, complaints } = await demo.visit('#view=bench&bench.scope=kernels');
  const clipboard = await clipboardOf(page);
  const run = await button(page, 'Run');
  await page.waitForFunction((main) => !(main as HTMLButtonElement).disabled, {}, run);
  const names = await page.$$eval('.results tbody th', (all) =>
    all.map((cell) => cell.firstChild?.textContent?.trim()),
  );
  expect(names).toEqual(BENCH_NAMES.kernels);
  expect(await textAt(page, '[data-view="bench"]')).toMatch(/This is not a graphics card/);
  expect(await seriousFindings(page)).toEqual([]);
  expect(await page.$$eval('.player .row button', (all) => all.map((b) => b.disabled))).toEqual(
    Array(3).fill(true),
  );

  await run.click();
  await timed(page, 1);
  // One device, one tab at a time: Play says who has it and can end that.
  await openTab(page, 'Play');
  expect(await textAt(page, '[data-view="play"] .slow')).toContain('Bench is timing the kernels');
  expect(await page.$('[data-view="play"] .play:disabled')).not.toBeNull();
  await (await button(page, 'Stop it')).click();
  await page.waitForSelector('[data-view="play"] .play:enabled');
  await openTab(page, 'Bench');
  await (await button(page, 'Go on')).click();
  await timed(page, 3);
  await (await button(page, 'Stop')).click();
  await button(page, 'Go on');

  await (await button(page, 'Copy as JSON')).click();
  await expect.poll(clipboard, { timeout: 30_000 }).toMatch(/^\{/);
  const report = reportSchema.parse(JSON.parse(await clipboard()));
  expect(report.host).toBe('browser');
  expect(report.adapter.kind).toBe('software');
  const measured = report.results.map((result) => {
    if (!result.verified) throw new Error(`${result.work} is wrong.`);
    const { work, medianMs, gflops, gbps } = result;
    return [
      work,
      threeDigits(medianMs),
      gflops === 0 ? '–' : threeDigits(gflops),
      threeDigits(gbps),
      dispatched(result, report),
    ];
  });
  const shown = await page.$$eval('.results tbody tr:not(.waiting)', (rows) =>
    rows.map((row) => [
      row.querySelector('th')?.firstChild?.textContent?.trim(),
      ...[...row.querySelectorAll('td:not(.share), .share b')].map(
        // The interval stands below the median, in an element of its own.
        (cell) => cell.firstChild?.textContent,
      ),
    ]),
  );
  expect(shown).toEqual(measured);
  expect(await page.$$eval('.tiles b', (all) => all.map((value) => value.textContent))).toEqual(
    Object.values(report.limits).map(threeDigits),
  );

  await (await button(page, 'Copy as Markdown')).click();
  await expect.poll(clipboard, { timeout: 30_000 }).toContain('| work |');
  const markdown = await clipboard();
  for (const result of report.results) {
    const line = markdown.split('\n').find((each) => each.startsWith(`| ${result.work} |`));
    if (result.verified) expect(line).toContain(` | ${result.samples} | ${result.clock} | `);
  }

  // A thousand times as long then, on this machine: everything is faster now, whatever disturbs it.
  const then = {
    ...report,
    results: report.results.map((result) =>
      result.verified
        ? {
            ...result,
            medianMs: 1000 * result.medianMs,
            lowMs: 1000 * result.lowMs,
            highMs: 1000 * result.highMs,
          }
        : result,
    ),
  };
  const file = join(demo.downloads, 'then.json');
  await writeFile(file, JSON.stringify(then));
  await drop(page, [file]);
  await page.waitForSelector('.results td.faster');
  expect(await page.$$eval('.results td.faster', (all) => all.length)).toBe(measured.length);
  expect(await textAt(page, '.brought')).toContain(`${measured.length} faster here`);
  expect(await seriousFindings(page)).toEqual([]);
  await writeFile(file, '{}');
  await drop(page, [file]);
  await page.waitForSelector('.brought .fault');
  expect(await textAt(page, '.fault')).toMatch(/then\.json is no result of/);
  const seen = await page.$eval('.brought .fault', (fault) => fault.getBoundingClientRect().bottom);
  expect(seen).toBeLessThan(900);

  await page.reload();
  await page.waitForSelector('.results td');
  expect(await textAt(page, '.circumstances')).toMatch(/kept in this browser.*Chrome|chrome/s);
  expect(await page.$$eval('.results tbody tr:not(.waiting)', (all) => all.length)).toBe(
    measured.length,
  );
  await (await button(page, 'Reset')).click();
  await page.waitForFunction(() => !document.querySelector('.results tr:not(.waiting) td'));
  expect(complaints).toEqual([]);
  await page.close();
});

/** What stands beside a gauge. */
function dispatched(result: MeasuredResult, { limits }: BenchReport): string {
  const times = emptyDispatches(result, limits);
  return times === undefined ? percentOfLimit(result) : `${threeDigits(times)}×`;
}
