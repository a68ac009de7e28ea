import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { BENCH_NAMES } from '../../bench/bench.js';
import { reportSchema } from '../../bench/report.js';
import { percentOfLimit, threeDigits } from '../../bench/words.js';
import { button, openTab, seriousFindings, servedPage, textAt } from './fixture.js';

const demo = servedPage();

const timed = (page: Page, rows: number) =>
  page.waitForFunction(
    (least) => document.querySelectorAll('.results tbody tr:not(.waiting)').length >= least,
    {},
    rows,
  );

test('times the kernels row by row, stops, goes on, and copies what it has', async () => {
  const { page, complaints } = await demo.visit('#view=bench');
  const { origin } = new URL(page.url());
  await page
    .browserContext()
    .overridePermissions(origin, ['clipboard-read', 'clipboard-sanitized-write']);
  const run = await button(page, 'Run');
  await page.waitForFunction((main) => !(main as HTMLButtonElement).disabled, {}, run);
  const names = await page.$$eval('.results tbody th', (all) =>
    all.map((cell) => cell.firstChild?.textContent?.trim()),
  );
  expect(names).toEqual(BENCH_NAMES.kernels);
  expect(await textAt(page, '[data-view="bench"]')).toMatch(/This is not a graphics card/);
  expect(await seriousFindings(page)).toEqual([]);
  expect(await page.$$eval('.player .row button', (all) => all.map((b) => b.disabled))).toEqual([
    true,
    true,
  ]);

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

  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
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
      percentOfLimit(result),
    ];
  });
  const shown = await page.$$eval('.results tbody tr:not(.waiting)', (rows) =>
    rows.map((row) => [
      row.querySelector('th')?.firstChild?.textContent?.trim(),
      ...[...row.querySelectorAll('td:not(.share), .share b')].map((cell) => cell.textContent),
    ]),
  );
  expect(shown).toEqual(measured);
  expect(await page.$$eval('.tiles b', (all) => all.map((value) => value.textContent))).toEqual(
    Object.values(report.limits).map(threeDigits),
  );

  await (await button(page, 'Copy as Markdown')).click();
  await expect.poll(clipboard, { timeout: 30_000 }).toContain('| kernel |');
  const markdown = await clipboard();
  for (const [work, ...figures] of measured) {
    const line = markdown.split('\n').find((each) => each.startsWith(`| ${work} |`));
    for (const value of figures) expect(line).toContain(value);
  }
  expect(await seriousFindings(page)).toEqual([]);
  await (await button(page, 'Reset')).click();
  await page.waitForFunction(() => !document.querySelector('.results tr:not(.waiting) td'));
  expect(complaints).toEqual([]);
  await page.close();
});
