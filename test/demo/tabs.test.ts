import { expect, test } from 'vitest';
import { openTab, QUICK, ready, seriousFindings, servedPage, tabTo, textAt } from './fixture.js';

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
