import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { contendersFor, METHODS, sizesFor } from '../../demo/compare/methods.js';
import { percent } from '../../demo/model/format.js';
import { addressFromHash } from '../../demo/state/address.js';
import { configFromSettings, defaultsFor } from '../../demo/state/settings.js';
import { readImageSource } from '../../src/data/folder.js';
import { openNodeHost } from '../../src/hosts/node.js';
import { CONTENDERS, type CompareSummary, drawExamples } from '../../src/index.js';
import {
  button,
  ended,
  openTab,
  playToEnd,
  QUICK,
  ready,
  seriousFindings,
  servedPage,
  tabTo,
  textAt,
} from './fixture.js';
import { libraryJobs } from './jobs.js';

const demo = servedPage();

const PANEL = '[data-view="compare"]';

test('sizes end at the picks or at the width, and methods go with the error', () => {
  expect(sizesFor({ picks: 10, width: 32 })).toEqual([1, 2, 5, 10]);
  expect(sizesFor({ picks: 200, width: 96 })).toEqual([5, 10, 20, 50, 96]);
  expect(sizesFor({ picks: 1, width: 1 })).toEqual([1]);
  expect(contendersFor({ loss: 'squared' }, true)).toEqual(CONTENDERS);
  expect(contendersFor({ loss: 'cross-entropy' }, false)).toEqual([
    'greedy',
    'random',
    'magnitude',
    'activation',
    'gradient',
  ]);
});

describe('a comparison on the network from Play', () => {
  let page: Page;
  let complaints: string[];
  let expected: CompareSummary;

  const finished = () =>
    page.waitForFunction(
      (panel) => {
        const text = document.querySelector(`${panel} .doing p`)?.textContent;
        return text?.startsWith('Done');
      },
      {},
      PANEL,
    );
  const rows = () =>
    page.$$eval('.figures tbody tr', (all) =>
      all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? '')),
    );

  beforeAll(async () => {
    const hash = `${QUICK}&view=compare&compare.scratch=true`;
    ({ page, complaints } = await demo.visit(hash, {
      before: () => {
        const { requestDevice } = GPUAdapter.prototype;
        GPUAdapter.prototype.requestDevice = async function (descriptor) {
          const device = await requestDevice.call(this, descriptor);
          Object.assign(globalThis, { lose: () => device.destroy() });
          return device;
        };
      },
    }));
    const config = configFromSettings(addressFromHash(hash, defaultsFor('software')).settings);
    const source = await readImageSource(join(demo.folder, 'data/small'));
    const host = await openNodeHost(libraryJobs, { adapter: 'software' });
    expected = await host
      .execute('compare', {
        config,
        examples: drawExamples(source, config.examples, config.seed),
        contenders: CONTENDERS,
        sizes: sizesFor(config),
      })
      .finally(() => host.close());
  });

  test('says that there is no network, and the way to one', async () => {
    await page.waitForSelector(`${PANEL} .doing`);
    expect(await textAt(page, `${PANEL} .doing`)).toContain('no trained network');
    expect(await seriousFindings(page)).toEqual([]);
    // Until the adapter is open, the link trains nothing.
    await openTab(page, 'Play');
    await ready(page);
    await openTab(page, 'Compare');
    await page.click(`${PANEL} .play`);
    await page.waitForSelector('[data-view="play"]:not([hidden])');
    await ended(page);
    await openTab(page, 'Compare');
    expect(await textAt(page, `${PANEL} .doing`)).toContain('32 neurons after 20 steps');
  });

  test('shows the figures of the library, at every size, the best first', async () => {
    await (await button(page, 'Compare')).click();
    await finished();
    const { dense } = expected;
    for (const size of sizesFor({ picks: 10, width: 32 })) {
      await page.click(`.figures [value="${size}"] + .pill`);
      await page.waitForSelector(`.figures [value="${size}"]:checked`);
      const own = expected.rows
        .filter(({ picks }) => picks === size)
        .toSorted((a, b) => a.trainingLoss - b.trainingLoss);
      expect(await rows()).toEqual([
        ...own.map(({ method, trainingLoss, testLoss, testAccuracy }) => [
          METHODS[method].name,
          trainingLoss.toFixed(3),
          testLoss.toFixed(3),
          percent(testAccuracy),
        ]),
        [
          'All 32 neurons',
          dense.loss.toFixed(3),
          dense.test.loss.toFixed(3),
          percent(dense.test.accuracy),
        ],
      ]);
    }
    expect(await textAt(page, `${PANEL} [role="status"].hidden`)).toContain('Compared 9 ways');
    // The page measures it twice a second.
    await expect
      .poll(() => page.$eval('[data-live-bytes]', (e) => e.getAttribute('data-live-bytes')))
      .toBe('0');
  });

  test('lets a method stand out by the keyboard, and axe finds nothing serious', async () => {
    await tabTo(page, '.figures th button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.figures .chosen [aria-pressed="true"]');
    const name = (await textAt(page, '.figures .chosen th')).trim();
    expect(await textAt(page, '.figures .note')).toContain(name);
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('pauses and goes on to the same figures; a lost device is told, and begun again', async () => {
    const before = await rows();
    await (await button(page, 'Compare again')).click();
    await (await button(page, 'Pause')).click();
    await (await button(page, 'Go on')).click();
    await finished();
    expect(await rows()).toEqual(before);
    expect(complaints).toEqual([]);
    await (await button(page, 'Compare again')).click();
    await page.waitForSelector('.figures .waiting');
    await page.waitForSelector('.figures tbody tr:not(.waiting, .whole)');
    await page.evaluate(() => (globalThis as unknown as { lose: () => void }).lose());
    await page.waitForSelector('.trouble');
    expect(await textAt(page, '.trouble')).toMatch(/device was lost/);
    await page.click('.trouble .remedy');
    await finished();
    expect(await rows()).toEqual(before);
  });

  test('asks to compare again when Play has trained another network', async () => {
    await openTab(page, 'Play');
    await page.select('[name="activation"]', 'relu');
    await playToEnd(page);
    await openTab(page, 'Compare');
    expect(await textAt(page, `${PANEL} .doing`)).toContain('Press Compare again');
    await (await button(page, 'Reset')).click();
    await page.waitForSelector('.figures .waiting');
    await page.close();
  });
});
