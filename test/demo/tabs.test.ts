import { expect, test } from 'vitest';
import { offline } from '../../demo/build/offline.js';
import {
  ended,
  openTab,
  playToEnd,
  QUICK,
  ready,
  resultTable,
  seriousFindings,
  servedPage,
  tabTo,
  textAt,
} from './fixture.js';

const demo = servedPage();

test('a link opens its tab with its settings, and the browser goes back and forward', async () => {
  const { page, complaints } = await demo.visit(`${QUICK}&view=study&compare.scratch=true`);
  const shown = () =>
    page.$eval('.panel:not([hidden])', (panel) => panel.getAttribute('data-view'));
  const current = () => page.$eval('nav [aria-current="page"]', (link) => link.textContent);
  await page.waitForSelector('[data-view="study"] h2');
  expect([await shown(), await current(), await page.title()]).toEqual([
    'study',
    'Study',
    'Study · Espalier',
  ]);
  expect(await seriousFindings(page)).toEqual([]);
  await openTab(page, 'Play');
  await page.select('[name="activation"]', 'relu');
  await openTab(page, 'Bench');
  const hash = new URLSearchParams(new URL(page.url()).hash.slice(1));
  expect(Object.fromEntries(hash)).toMatchObject({
    view: 'bench',
    seed: '3',
    width: '32',
    activation: 'relu',
    'compare.scratch': 'true',
  });
  await page.goBack();
  await expect.poll(shown).toBe('play');
  expect(page.url()).not.toContain('view=');
  await page.goBack();
  await expect.poll(shown).toBe('study');
  // Going back changes the tab and nothing that was set since.
  expect(page.url()).toContain('activation=relu');
  expect(
    await page.$eval('[name="activation"]', (select) => (select as HTMLSelectElement).value),
  ).toBe('relu');
  await page.goForward();
  await page.goForward();
  await expect.poll(shown).toBe('bench');
  await page.reload();
  await page.waitForSelector('[data-view="bench"] h2');
  expect(await shown()).toBe('bench');

  await tabTo(page, 'nav a');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(shown).toBe('prune');
  // The focus stays where it was, for the next tab.
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Prune');
  expect(complaints).toEqual([]);
  await page.close();
});

test('a build names its files and a version of their contents for the service worker', () => {
  const written = (digits: string) => {
    const emitted: string[] = [];
    const { handler } = offline().generateBundle as {
      handler: (this: object, options: object, bundle: object) => void;
    };
    const asset = (fileName: string, source = '') => ({ type: 'asset', fileName, source });
    const files = [
      ...['index.html', 'assets/tab-Ab3.js', 'data/full/train.gz', 'TERMS.txt'],
      'data/prune/net.safetensors',
    ];
    const emitFile = ({ source }: { source: string }) => emitted.push(source);
    const bundle = [...files.map((name) => asset(name)), asset('data/small/train.gz', digits)];
    handler.call({ emitFile }, {}, Object.fromEntries(bundle.map((one) => [one.fileName, one])));
    return /\(self, "(\w{16})", (\[.*\]), (\[.*\])\);/.exec(emitted.join(''))?.slice(1);
  };
  const [version, files, later] = written('1') ?? [];
  expect(JSON.parse(files ?? '')).toEqual(['assets/tab-Ab3.js', 'data/small/train.gz', './']);
  expect(JSON.parse(later ?? '')).toEqual(['data/prune/net.safetensors']);
  expect(written('1')?.[0]).toBe(version);
  expect(written('2')?.[0]).not.toBe(version);
});

test('opens without a network after the first visit, with the run, and isolated from other origins', async () => {
  const { page, complaints } = await demo.visit(QUICK, { keepsPage: true });
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    await serviceWorker.ready;
    if (!serviceWorker.controller) {
      await new Promise((taken) => serviceWorker.addEventListener('controllerchange', taken));
    }
  });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await playToEnd(page);
  const before = await resultTable(page);
  demo.unplug(true);
  await page.reload();
  await ready(page);
  // The run is there as well, with its figures.
  await ended(page);
  expect(await resultTable(page)).toEqual(before);
  expect(await textAt(page, '.said')).toContain('as you left it');
  await openTab(page, 'Study');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  // And so is what Prune begins with, which was never opened.
  await openTab(page, 'Prune');
  await page.waitForSelector('[data-view="prune"] .play:enabled');
  expect(complaints).toEqual([]);
  demo.unplug(false);
  await page.close();
});

test('a link to a tab that is not there says so', async () => {
  const { page } = await demo.visit('#view=comparison');
  await page.waitForSelector('.trouble');
  expect(await textAt(page, '.trouble')).toMatch(
    /"view" must be play, prune, compare, study, bench, not "comparison"/,
  );
  await page.close();
});

test('while Play trains, Bench waits and can pause it', async () => {
  const { page, complaints } = await demo.visit(`${QUICK}&iterations=5000&pruneEvery=2500`);
  await ready(page);
  await page.click('.play');
  await openTab(page, 'Bench');
  await page.waitForSelector('[data-view="bench"] .play:disabled');
  expect(await textAt(page, '[data-view="bench"] .slow')).toContain('Play is training a network');
  await page.click('[data-view="bench"] .slow button');
  await page.waitForSelector('[data-view="bench"] .play:enabled');
  await openTab(page, 'Play');
  expect((await textAt(page, '[data-view="play"] .play')).trim()).toBe('Go on');
  expect(complaints).toEqual([]);
  await page.close();
});
