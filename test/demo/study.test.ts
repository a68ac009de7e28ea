import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { answerOf } from '../../demo/study/answer.js';
import { mapTiles, placeInRange, valueRange } from '../../demo/study/map.js';
import { MEASURES, type Measure, measureIn } from '../../demo/study/measures.js';
import { configIn } from '../../demo/study/settings.js';
import { readImageSource } from '../../src/data/folder.js';
import { openNodeDevice } from '../../src/hosts/node.js';
import { fitText, tooFewPoints } from '../../src/report/words.js';
import { analyse, type Finding, recordOfAnalyses } from '../../src/study/analysis.js';
import { type Cell, cellKey, cellsCsv, inOrder, parseCell } from '../../src/study/cell.js';
import { cellCount, trialName } from '../../src/study/grid.js';
import { study } from '../../src/study/study.js';
import { thresholdInterval } from '../../src/study/thresholds.js';
import { compareFits } from '../../src/theory/compare-fits.js';
import {
  button,
  downloaded,
  losable,
  loseDevice,
  seriousFindings,
  servedPage,
  textAt,
} from './fixture.js';

const demo = servedPage();

const WORDS = {
  'study.sizes': '40,160',
  'study.trials': '1',
  'study.iterations': '30',
  'study.seed': '7',
};
const CONFIG = configIn(WORDS, 'data/small');
const HASH = `#${new URLSearchParams({ view: 'study', ...WORDS })}`;

const PLAY = '[data-view="study"] .play';
const ready = (page: Page) => page.waitForSelector(`${PLAY}:enabled`);

const filled = (page: Page, least: number) =>
  page.waitForFunction((n) => document.querySelectorAll('.heat .tile').length >= n, {}, least);

const ended = (page: Page) =>
  page.waitForFunction(
    () => document.querySelector('[data-view="study"] .play')?.textContent === 'Done',
  );

/** The lines that the browser has kept. */
const keptIn = (page: Page): Promise<string[]> =>
  page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('espalier-study');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction('cells').objectStore('cells').getAll();
          reading.onsuccess = () => resolve(reading.result as string[]);
        };
      }),
  );

/** Spoils one kept cell and the kept training. */
const spoil = (page: Page, trial: string) =>
  page.evaluate(
    (trial) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('espalier-study');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const records = opening.result.transaction(['cells', 'states'], 'readwrite');
          const left = records.objectStore('states').count();
          left.onsuccess = () => {
            if (left.result > 0) reject(new Error('The state of a trial that is done was kept.'));
          };
          const cell = records.objectStore('cells').openCursor();
          cell.onsuccess = () => {
            if (!cell.result) return;
            const [study] = cell.result.key as [string, string];
            const state = { trial, bytes: new Uint8Array(9) };
            records.objectStore('states').put(state, study);
            cell.result.update('{"examples":');
          };
          records.oncomplete = () => resolve();
          records.onabort = () => reject(records.error);
        };
      }),
    trial,
  );

/** The figures of a study that nothing disturbs, in Node. */
async function undisturbed(): Promise<readonly Cell[]> {
  const source = await readImageSource(join(demo.folder, 'data/small'));
  const device = await openNodeDevice('software');
  const cells: Cell[] = [];
  for await (const event of study(device, { config: CONFIG, source })) {
    if (event.type === 'cell') cells.push(event.cell);
  }
  device.dispose();
  return cells;
}

const withoutTimes = (cells: readonly Cell[]) =>
  inOrder(cells).map((cell) => ({ ...cell, seconds: 0, adapter: '' }));

/** Cells at which a share of answers is right and the loss is the smaller the fewer the examples. */
const CELL: Cell = {
  ...{ examples: 40, trial: 0, iteration: 0, width: 8, learningRate: 1, batch: 4, picks: 3 },
  ...{ method: 'greedy', rule: 'average', denseLoss: 1, subnetworkLoss: 0.5, denseTestLoss: 1 },
  ...{ subnetworkTestLoss: 1, denseTestAccuracy: 0.9, subnetworkTestAccuracy: 0.25 },
  ...{ distinct: 3, passes: 1, seconds: 1, adapter: 'none' },
};

test('what is good has the colour of good, by right answers first', () => {
  const [accuracy, loss] = MEASURES as [Measure, Measure];
  expect(measureIn({})).toBe(accuracy);
  expect(measureIn({ 'study.measure': 'subnetworkLoss' })).toBe(loss);
  const cells = [
    CELL,
    { ...CELL, trial: 1, subnetworkTestAccuracy: 0.75, subnetworkLoss: 0.1 },
    { ...CELL, examples: 160, subnetworkTestAccuracy: 0.9, subnetworkLoss: 0.6 },
  ];
  for (const measure of [accuracy, loss]) {
    const tiles = mapTiles(CONFIG, cells, measure);
    const range = valueRange(tiles, measure)!;
    const at = (examples: number) => tiles.find((tile) => tile.examples === examples)!.value!;
    expect([at(40), at(160)]).toEqual(measure === accuracy ? [0.5, 0.9] : [0.3, 0.6]);
    const places = [40, 160].map((examples) => placeInRange(at(examples), range, measure));
    // By right answers more examples are better, by the loss in training fewer.
    expect(places).toEqual(measure === accuracy ? [0, 1] : [1, 0]);
    const middle = measure === accuracy ? 0.7 : Math.sqrt(0.3 * 0.6);
    expect(placeInRange(middle, range, measure)).toBeCloseTo(0.5, 12);
  }
  expect(accuracy.cells(cells).map(({ subnetworkLoss }) => subnetworkLoss)).toEqual([
    0.75,
    0.25,
    1 - 0.9,
  ]);
  expect(accuracy.enough({ name: 'absolute', level: 0.25 })).toBe('at least 75.0% right');
});

test('the answer tells the trials that it is from, and is no surer than they are', () => {
  const finding = (trials: readonly (readonly [examples: number, steps: number | null])[]) =>
    ({
      ...{
        fits: [],
        supported: [],
        missing: 'too few',
        criterion: { name: 'relative', level: 1.05 },
      },
      thresholds: trials.map(([examples, iteration], trial) => ({
        ...{ examples, trial, iteration, after: 0, censored: iteration === null },
      })),
    }) as unknown as Finding;
  const two = finding([
    [125, 240],
    [125, 160],
    [250, 80],
    [250, null],
    [1000, 260],
    [1000, 260],
  ]);
  expect(answerOf(two, true)).toEqual({
    text: 'Enough here, from 2 trials each: 200 steps for 125 examples (160 and 240), 260 steps for 1,000 examples (260 and 260).',
    caution:
      '5 thresholds at 3 sizes are few: more trials may move these steps. With 250 examples there was a trial for which no training here was enough.',
  });
  expect(answerOf(finding([[40, 60]]), false)?.text).toBe(
    'Enough so far, from 1 trial: 60 steps for 40 examples.',
  );
  const many = finding([1, 2, 3, 4, 5].flatMap((m) => [1, 2, 3, 4].map((t) => [m, t] as const)));
  expect(answerOf(many, true)?.text).toContain('(1 to 4), 3 steps for 5');
  expect(answerOf(many, true)).not.toHaveProperty('caution');
  expect(answerOf(finding([[40, null]]), true)).toBeUndefined();
});

test('best supported is said of enough points only', () => {
  const thresholds = (sizes: number, trials: number) =>
    Array.from({ length: sizes * trials }, (_, at) => ({
      ...{ examples: 100 * (1 + (at % sizes)), trial: Math.floor(at / sizes) },
      ...{ iteration: 10, after: 5, censored: false },
    }));
  const told = (sizes: number, trials: number) => {
    const found = thresholds(sizes, trials);
    const known = { picks: 3, rho: undefined };
    const { fits, missing } = compareFits(found.map(thresholdInterval), known, 0, 0);
    const supported = fits.slice(0, 1).map(({ model }) => model);
    return fitText({ thresholds: found, fits, supported, missing });
  };
  expect(told(5, 2)).toMatch(/^best supported is a constant/);
  expect(told(4, 3)).toMatch(/^12 thresholds at 4 sizes are too few .*: nearest so far is a/);
  expect(tooFewPoints({ thresholds: thresholds(5, 2) })).toBeUndefined();
  expect(tooFewPoints({ thresholds: thresholds(4, 9) })).toBe('36 thresholds at 4 sizes');
  const censored = thresholds(5, 2).map((one, at) => (at ? one : { ...one, iteration: null }));
  expect(tooFewPoints({ thresholds: censored })).toBe('9 thresholds at 5 sizes');
});

test('goes on from its kept cells after a reload and a lost device, to the same end', async () => {
  const { page, complaints } = await demo.visit(HASH, { before: losable });
  await ready(page);
  await page.click(PLAY);
  await filled(page, 4);
  await page.reload();
  await ready(page);
  const early = await keptIn(page);
  expect(early.length).toBeGreaterThanOrEqual(4);
  expect(early.length).toBeLessThan(cellCount(CONFIG));
  expect(await textAt(page, '.doing p')).toBe(
    `${early.length} of ${cellCount(CONFIG)} cells are done and kept in this browser: closing the page loses none.`,
  );
  expect(await page.$$eval('.heat .tile', (all) => all.length)).toBeGreaterThanOrEqual(4);

  await page.click(PLAY);
  await page.waitForFunction(
    (n) => Number(/^\d+/.exec(document.querySelector('.doing p')?.textContent ?? '')) > n,
    {},
    early.length,
  );
  await loseDevice(page);
  await page.waitForSelector('.trouble');
  expect(await textAt(page, '.trouble')).toMatch(/device was lost/);
  await page.click('.trouble .remedy');
  await ended(page);
  const lines = await keptIn(page);
  // Seconds and all: what was kept was not computed again.
  expect(lines).toEqual(expect.arrayContaining(early));
  const cells = lines.map((line, at) => parseCell(line, 'kept', at + 1));
  expect(new Set(cells.map(cellKey)).size).toBe(cellCount(CONFIG));
  expect(withoutTimes(cells)).toEqual(withoutTimes(await undisturbed()));

  const saved = async (name: string) => {
    await (await button(page, `Save ${name}`)).click();
    return new TextDecoder().decode(await downloaded(demo.downloads, name));
  };
  expect(await saved('cells.csv')).toBe(cellsCsv(cells));
  const analyses = analyse(CONFIG, cells);
  expect(JSON.parse(await saved('thresholds.json'))).toEqual(
    JSON.parse(JSON.stringify(recordOfAnalyses(analyses))),
  );
  expect(await saved('report.html')).toMatch(/^<!doctype html>.*<svg .*<dt>sizes<.*40, 160/s);
  const shown = await page.$$eval('.map tbody tr', (rows) =>
    rows.map((row) => row.children.length),
  );
  expect(shown).toHaveLength(11);
  expect(await page.$$eval('.fits circle, .fits path', (marks) => marks.length)).toBe(2);
  expect(complaints).toEqual([]);

  await spoil(page, trialName(cells[0]!));
  await page.reload();
  await ready(page);
  expect(await textAt(page, '.trouble')).toMatch(/1 cell of this study cannot be read/);
  expect(await textAt(page, '.doing p')).toMatch(`${cells.length - 1} of ${cells.length} cells`);
  await page.click(PLAY);
  await ended(page);
  expect(await textAt(page, '.trouble')).toMatch(/its trial begins anew/);
  const again = (await keptIn(page)).map((line, at) => parseCell(line, 'kept', at + 1));
  expect(withoutTimes(again)).toEqual(withoutTimes(cells));

  await page.$eval('.map details', (details) => {
    (details as HTMLDetailsElement).open = true;
  });
  expect(await seriousFindings(page)).toEqual([]);

  await (await button(page, 'Reset')).click();
  await page.waitForFunction(() => !document.querySelector('.heat .tile'));
  expect(await keptIn(page)).toEqual([]);
  await page.close();
});

test('its settings are in the address, and a wrong one is told', async () => {
  const { page, complaints } = await demo.visit('#view=study');
  await ready(page);
  const write = async (word: string, value: string) => {
    await page.$eval(
      `[name="study.${word}"]`,
      (input, text) => {
        (input as HTMLInputElement).value = text;
        input.dispatchEvent(new Event('change'));
      },
      value,
    );
  };
  const kept = () =>
    Object.fromEntries(
      [...new URLSearchParams(new URL(page.url()).hash.slice(1))].filter(([key]) =>
        key.startsWith('study.'),
      ),
    );
  await page.select('[name="study.preset"]', 'quick');
  await write('sizes', '100, 200');
  await write('seed', '5');
  await page.select('[name="study.criterion"]', 'absolute');
  await expect.poll(kept).toEqual({
    'study.preset': 'quick',
    'study.sizes': '100,200',
    'study.seed': '5',
    'study.criterion': 'absolute',
  });
  await expect.poll(() => textAt(page, '.doing p')).toMatch(/^Press Start: 126 cells /);
  for (const [word, value, message] of [
    ['sizes', '200,100', /ascending order/],
    ['trials', 'x', /whole number from 1 to 1000/],
    ['trials', '1000000000', /from 1 to 1000, not 1000000000/],
  ] as const) {
    await write(word, value);
    await page.waitForSelector('.fault');
    expect(await textAt(page, '.fault')).toMatch(message);
    expect(await page.$(`${PLAY}:disabled`)).not.toBeNull();
    await write(word, word === 'sizes' ? '100,5000' : '1');
    await page.waitForFunction(() => !document.querySelector('.fault'));
  }
  await ready(page);
  await page.click(PLAY);
  await page.waitForSelector('.trouble');
  expect(await textAt(page, '.trouble')).toMatch(/must be whole numbers from 1 to [\d]+, not 5000/);
  expect(complaints).toEqual([]);
  await page.close();
});
