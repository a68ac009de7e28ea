import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import {
  bring,
  button,
  ended,
  losable,
  loseDevice,
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

const trouble = async (page: Page): Promise<string> => {
  await page.waitForSelector('.trouble');
  return textAt(page, '.trouble');
};

describe('a person is told what to do', () => {
  test.each([
    ['an unknown setting in the link', '#wdith=3', /unknown setting "wdith"/],
    [
      'a wrong value in the link',
      '#width=-3',
      /“Neurons” must be a whole number from 1 on, not -3/,
    ],
    [
      'more neurons than the page can hold',
      '#width=99999',
      /“Neurons” must be at most 4096 on this page, not 99999/,
    ],
    ['a link to own files', '#data=own', /which a link cannot carry/],
    ['too many examples', '#examples=5000', undefined],
  ])('%s', async (_, hash, expected) => {
    const { page } = await demo.visit(hash);
    await ready(page);
    if (expected) {
      expect(await trouble(page)).toMatch(expected);
      // A reload would complain of it again.
      expect(page.url()).not.toMatch(/wdith|-3|99999/);
    } else {
      expect(await textAt(page, '.data')).toContain('2,000 handwritten digits');
      expect(await textAt(page, '.said')).toContain(
        'MNIST has 2,000 digits to learn from here: “Examples” is that now, not 5,000.',
      );
    }
    await page.close();
  });

  test.each([
    ['activation=relu&learningRate=100000', /ran away.*Play again with learning rate 1Close/s],
    [
      'iterations=1&pruneEvery=1&fineTune=30&learningRate=1000',
      /Fine-tuning diverged: .*Its rate follows “Learning rate”: try.*with learning rate 1Close/s,
    ],
  ])('a run that cannot be: %s', async (patch, expected) => {
    const { page } = await demo.visit(`${QUICK}&${patch}`);
    await ready(page);
    await page.click('.play');
    expect(await trouble(page)).toMatch(expected);
    await page.close();
  });

  test('files that are no data', async () => {
    const { page, complaints } = await demo.visit(QUICK);
    await ready(page);
    const cases = [
      ['notes.csv', 'label,a,b\n3,1,2,3,4\n5,1,2,900,4\n', /line 3: value 4 is "900"/],
      ['short.csv', '3,1,2,3\n', /expected a label and the pixels of a square image/],
      ['photo.png', '\x89PNG', /photo\.png is a picture.*The tab Prune takes pictures/],
      ['photo.dat', '\x89PNG', /neither an IDX file nor a CSV/],
      ['run.zip', 'PK', /not a .zip that can be read/],
      ['config.json', '{"widht": 3}', /Unknown configuration key "widht"/],
      ['train-labels', '\0\0\x08\x01\0\0\0\x01\x05', /labels but no images/],
    ] as const;
    for (const [name, content, expected] of cases) {
      const file = join(demo.downloads, name);
      await writeFile(file, content, 'latin1');
      await bring(page, [file]);
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector('.trouble')?.textContent ?? ''),
        {},
        expected.source,
      );
    }
    await (await button(page, 'Close')).click();
    // What was there before is still there.
    expect(await textAt(page, '.data')).toContain('200 handwritten digits');
    await ready(page);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a browser without WebGPU', async () => {
    // To Chrome 0.0.0.0 is no secure origin, so that there is no navigator.gpu.
    const { page } = await demo.visit('', { host: '0.0.0.0' });
    expect(await trouble(page)).toMatch(/WebGPU is missing.*Chrome or Edge 113/);
    await page.waitForSelector('.play:disabled');
    await page.waitForSelector('.digits canvas');
    await page.close();
  });

  test('a browser without an adapter', async () => {
    const { page } = await demo.visit('', {
      before: () => {
        GPU.prototype.requestAdapter = async () => null;
      },
    });
    expect(await trouble(page)).toMatch(/no graphics adapter.*graphics acceleration/s);
    await page.close();
  });
});

test('after the device is lost the run goes on from its last checkpoint, to the same end', async () => {
  const long = `${QUICK}&iterations=300&pruneEvery=150`;
  const { page } = await demo.visit(long, { before: losable });
  await ready(page);
  await page.evaluate(() => {
    const doing = document.querySelector('.doing p') as HTMLElement;
    const steps: number[] = [];
    new MutationObserver(() => {
      const step = /Training the dense network: (\d+) of/.exec(doing.textContent ?? '')?.[1];
      if (step) steps.push(Number(step));
    }).observe(doing, { characterData: true, childList: true, subtree: true });
    Object.assign(globalThis, { steps });
  });
  const takeSteps = () =>
    page.evaluate(() => (globalThis as unknown as { steps: number[] }).steps.splice(0));
  await page.click('.play');
  // In the page: the rest of the run may take less time than a word from here.
  await page.waitForFunction(() => {
    if (!document.querySelector('.timeline input[value="150"]')) return false;
    (globalThis as unknown as { lose: () => void }).lose();
    return true;
  });
  expect(await trouble(page)).toMatch(/device was lost/);
  expect(await page.$('.timeline input')).not.toBeNull();
  expect(Math.min(...(await takeSteps()))).toBeLessThan(150);
  await (await button(page, 'Go on')).click();
  await ended(page);
  const result = await resultTable(page);
  expect(await page.$('.trouble')).toBeNull();
  const later = await takeSteps();
  expect(later.length).toBeGreaterThan(2);
  expect(Math.min(...later)).toBeGreaterThan(150);

  // Lost while nobody needs it, it is opened again without a word.
  await loseDevice(page);
  await playToEnd(page);
  expect(await resultTable(page)).toEqual(result);
  await page.close();
});

test('everything can be done with the keyboard', async () => {
  const { page, complaints } = await demo.visit(QUICK);
  await ready(page);
  await tabTo(page, '.play');
  await page.keyboard.press('Enter');
  await ended(page);
  await tabTo(page, '.timeline input');
  await page.keyboard.press('ArrowLeft');
  expect(await page.$('.timeline input[value="10"]:checked')).not.toBeNull();
  await tabTo(page, '.pad');
  for (const key of ['Space', ...Array(6).fill('ArrowUp'), ...Array(4).fill('ArrowRight')]) {
    await page.keyboard.press(key as 'Space');
  }
  await page.waitForSelector('.opinions dd');
  await page.keyboard.press('Delete');
  await page.waitForSelector('.invite');
  for (const selector of ['[name="task"]', '[name="seed"]', 'input[type="file"]', 'summary']) {
    await tabTo(page, selector);
  }
  await page.keyboard.press('Enter');
  expect(await page.$eval('details', (details) => details.open)).toBe(true);
  expect(complaints).toEqual([]);
  await page.close();
});

test('axe finds nothing serious, light and dark, before and after a run; a phone has no overflow', async () => {
  const { page } = await demo.visit(QUICK);
  await ready(page);
  expect(await seriousFindings(page)).toEqual([]);
  await playToEnd(page);
  expect(await seriousFindings(page)).toEqual([]);
  await page.close();
});
