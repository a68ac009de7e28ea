import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { reportSchema } from '../../bench/report.js';
import { threeDigits } from '../../bench/words.js';
import { button, clipboardOf, seriousFindings, servedPage } from './fixture.js';

const configFile = resolve(import.meta.dirname, '../../demo/vite.config.ts');
const demo = servedPage((outDir) => build({ configFile, mode: 'peers', build: { outDir } }));

test('the build with peers times them beside this library, on the same work', async () => {
  const { page, complaints } = await demo.visit('#view=bench&bench.scope=tasks');
  const clipboard = await clipboardOf(page);
  await page.waitForSelector('input[name="peers"]');
  await page.click('input[name="peers"][value="peers"] + .pill');
  await (await button(page, 'Run')).click();
  // The first task is enough: its training step, by those who have one.
  await page.waitForFunction(() => document.querySelectorAll('.results .rival').length === 2);
  await (await button(page, 'Stop')).click();
  await button(page, 'Go on');
  expect(await seriousFindings(page)).toEqual([]);

  await (await button(page, 'Copy as JSON')).click();
  await expect.poll(clipboard).toMatch(/^\{/);
  const { results, versions } = reportSchema.parse(JSON.parse(await clipboard()));
  expect(versions).toMatchObject({
    'jax-js': expect.stringMatching(/^0\.1\./),
    tfjs: expect.stringMatching(/^4\./),
    onnxruntime: expect.stringMatching(/^1\./),
  });
  const [own, ...others] = results.slice(0, 3).map((result) => {
    if (!result.verified) throw new Error(`${result.subject} is wrong.`);
    return result;
  });
  if (!own) throw new Error('Nothing was measured.');
  expect(own).toMatchObject({ work: 'sgd-step', subject: 'espalier', clock: 'wall' });
  const ratios = others.map(({ medianMs }) => `${threeDigits(medianMs / own.medianMs)}×`);
  const shown = await page.$$eval('.results .rival', (rows) =>
    rows
      .slice(0, 2)
      .map((row) => [row.querySelector('th')?.textContent, row.querySelector('b')?.textContent]),
  );
  expect(shown).toEqual([
    ['sgd-step by jax-js', ratios[0]],
    ['sgd-step by TensorFlow.js', ratios[1]],
  ]);
  await (await button(page, 'Copy as Markdown')).click();
  await expect.poll(clipboard).toMatch(/to ours/);
  expect(await clipboard()).toMatch(
    new RegExp(`^\\| sgd-step .*\\| tfjs \\|.* ${ratios[1]} \\|`, 'm'),
  );

  // WebAssembly of one of them is allowed, too.
  const scripts = await readdir(join(demo.folder, 'assets'));
  const script = scripts.find((name) => /^peers-.*\.js$/.test(name));
  // As text, since this file's own imports are turned into something that only Vitest knows.
  const opened = await page.evaluate(`(async () => {
    const peers = Object.values(await import('./assets/${script}')).find(Array.isArray);
    const names = [];
    for (const { subject, open } of peers) {
      if ((await open()).queue) names.push(subject);
    }
    return names;
  })()`);
  expect(opened).toEqual(['jax-js', 'tfjs', 'onnxruntime']);
  expect(complaints).toEqual([]);
  await page.close();
});
