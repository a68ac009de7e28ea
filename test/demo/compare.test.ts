import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { roughly, roughSeconds } from '../../demo/compare/duration.js';
import { bestFirst, measureIn, stageIn, stagesWith } from '../../demo/compare/measures.js';
import { contendersFor, METHODS, refitIn, sizesFor } from '../../demo/compare/methods.js';
import { percent } from '../../demo/model/format.js';
import { addressFromHash } from '../../demo/state/address.js';
import { configFromSettings, defaultsFor } from '../../demo/state/settings.js';
import { readImageSource } from '../../src/data/folder.js';
import { openNodeHost } from '../../src/hosts/node.js';
import {
  CONTENDERS,
  type CompareSummary,
  type Comparison,
  type Contender,
  drawExamples,
} from '../../src/index.js';
import {
  button,
  losable,
  loseDevice,
  openTab,
  playToEnd,
  QUICK,
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

test('a stage comes with its settings, and the best stands first', () => {
  const { loss } = defaultsFor('software');
  expect(refitIn({}, { loss })).toBe('weights');
  expect(refitIn({ 'compare.refit': 'scale' }, { loss })).toBe('scale');
  expect(refitIn({ 'compare.refit': 'scale' }, { loss: 'cross-entropy' })).toBe('none');
  const names = (config: Parameters<typeof stagesWith>[0]) =>
    stagesWith(config).map(({ name }) => name);
  expect(names({ refit: 'none', fineTune: 0 })).toEqual(['As pruned']);
  expect(names({ refit: 'scale', fineTune: 0 })).toEqual(['As pruned', 'Refitted']);
  expect(names({ refit: 'none', fineTune: 5 })).toEqual(['As pruned', 'Fine-tuned']);
  const all = stagesWith({ refit: 'weights', fineTune: 5 });
  const row = (method: Contender, testAccuracy: number): Comparison => ({
    ...{ method, picks: 3, distinct: 3, trainingLoss: 1 - testAccuracy, testLoss: 1 },
    testAccuracy,
  });
  const rows = [row('random', 0.5), row('greedy', 0.7), row('backward', Number.NaN)];
  const order = (measure: string, stage: string) =>
    bestFirst(
      rows,
      stageIn({ 'compare.stage': stage }, all),
      measureIn({ 'compare.measure': measure }),
    ).map(({ method }) => method);
  expect(order('testAccuracy', 'pruned')).toEqual(['greedy', 'random', 'backward']);
  expect(order('trainingLoss', 'pruned')).toEqual(['greedy', 'random', 'backward']);
  // None of them was fine-tuned.
  expect(order('testAccuracy', 'both')).toEqual(['random', 'greedy', 'backward']);
});

test('it takes longer by what it trains', () => {
  const config = configFromSettings(defaultsFor('software'));
  const plan = { config, contenders: CONTENDERS, sizes: [5, 50], network: undefined };
  const whole = roughSeconds(plan, 'software');
  expect(whole).toBeGreaterThan(roughSeconds({ ...plan, contenders: ['greedy'] }, 'software'));
  expect(whole).toBeGreaterThan(
    roughSeconds({ ...plan, config: { ...config, fineTune: 0 } }, 'software'),
  );
  expect(roughSeconds(plan, 'hardware')).toBeLessThan(whole / 2);
  expect([0.2, 7.2, 33, 200].map(roughly)).toEqual([
    'about a second',
    'about 7 s',
    'about 35 s',
    'about 3 min',
  ]);
});

describe('a comparison', () => {
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
    const hash = `${QUICK}&view=compare`;
    ({ page, complaints } = await demo.visit(hash, { before: losable }));
    const { settings } = addressFromHash(hash, defaultsFor('software'));
    const config = { ...configFromSettings(settings), refit: 'weights' } as const;
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

  test('says what it will do and for how long, and one press trains and compares', async () => {
    await page.waitForSelector(`${PANEL} .play:enabled`);
    expect(await textAt(page, `${PANEL} .doing`)).toMatch(
      /^Trains a network \(32 neurons, 20 steps\), and cuts it down in 9 ways: about .*s here\.$/,
    );
    expect(await textAt(page, `${PANEL} .ways`)).toContain('picks blindly');
    expect(await seriousFindings(page)).toEqual([]);
    await (await button(page, 'Train and compare')).click();
    await finished();
  });

  test('shows the figures of the library, of every stage, the best first', async () => {
    const { dense } = expected;
    for (const size of [1, 10]) {
      await page.click(`.figures [value="${size}"] + .pill`);
      await page.waitForSelector(`.figures [value="${size}"]:checked`);
      const own = expected.rows
        .filter(({ picks }) => picks === size)
        .toSorted((a, b) => b.refittedFineTuned!.testAccuracy - a.refittedFineTuned!.testAccuracy);
      expect(await rows()).toEqual([
        ...own.map((row) => [
          METHODS[row.method].name,
          ...[row, row.refitted, row.fineTuned, row.refittedFineTuned].map((stage) =>
            percent(stage!.testAccuracy),
          ),
        ]),
        [
          'All 32 neurons',
          percent(dense.test.accuracy),
          ...[dense.refitted, dense.fineTuned, dense.refittedFineTuned].map((stage) =>
            percent(stage!.testAccuracy),
          ),
        ],
      ]);
    }
    await page.click('[name="measure"][value="trainingLoss"] + .pill');
    await (await button(page, 'As pruned')).click();
    const best = expected.rows
      .filter(({ picks }) => picks === 10)
      .toSorted((a, b) => a.trainingLoss - b.trainingLoss);
    await expect
      .poll(async () => (await rows()).map(([name, pruned]) => [name, pruned]))
      .toEqual([
        ...best.map((row) => [METHODS[row.method].name, row.trainingLoss.toFixed(3)]),
        ['All 32 neurons', dense.loss.toFixed(3)],
      ]);
    expect(page.url()).toContain('compare.stage=pruned');
    expect(await textAt(page, `${PANEL} [role="status"].hidden`)).toContain('Compared 9 ways');
    // The page measures it twice a second.
    await expect
      .poll(() => page.$eval('[data-live-bytes]', (e) => e.getAttribute('data-live-bytes')))
      .toBe('0');
  });

  test('lets a method stand out by the keyboard, and axe finds nothing serious', async () => {
    await tabTo(page, '.figures tbody th button');
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
    await page.waitForSelector('.figures tbody tr:not(.waiting, .whole)');
    expect(complaints).toEqual([]);
    await loseDevice(page);
    await page.waitForSelector('.trouble');
    expect(await textAt(page, '.trouble')).toMatch(/device was lost/);
    await page.click('.trouble .remedy');
    await finished();
    expect(await rows()).toEqual(before);
  });

  test('takes the network from Play, once there is one', async () => {
    await openTab(page, 'Play');
    await playToEnd(page);
    await openTab(page, 'Compare');
    expect(await textAt(page, `${PANEL} .doing`)).toContain('the network from Play (32 neurons');
    await page.click('.options summary');
    await page.click('[name="fineTuneEach"]');
    await page.click('[name="scratch"]');
    await (await button(page, 'Compare again')).click();
    // Once there is something to keep, it is paused and the page left: the rest follows then.
    await page.waitForFunction(
      (panel) => {
        const found = document.querySelector('.figures tbody tr:not(.waiting, .whole)');
        if (found) document.querySelector<HTMLElement>(`${panel} .play`)?.click();
        return found !== null;
      },
      {},
      PANEL,
    );
    const stopped = () =>
      page.waitForFunction(
        (panel) =>
          /^Stopped after \d of 8/.test(
            document.querySelector(`${panel} .doing`)?.textContent ?? '',
          ),
        {},
        PANEL,
      );
    await stopped();
    await page.reload();
    await stopped();
    const said = await textAt(page, `${PANEL} .doing`);
    const adapter = (await textAt(page, 'footer dd')).trim();
    expect(said).toContain(`as you left it: this browser keeps it. Computed on ${adapter}.`);
    await (await button(page, 'Go on')).click();
    await finished();
    const [{ trainingLoss }] = expected.rows.filter(
      ({ method, picks }) => method === 'corrective' && picks === 10,
    ) as [Comparison];
    expect((await rows()).map(([, pruned]) => pruned)).toContain(trainingLoss.toFixed(3));
    expect(await page.$$eval('.figures thead th', (all) => all.length)).toBe(3);
    expect(await rows()).toHaveLength(CONTENDERS.length);
    await (await button(page, 'Reset')).click();
    await page.waitForSelector('.ways');
    await page.close();
  });
});
