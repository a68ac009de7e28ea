import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Page } from 'puppeteer-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { answerFromOutputs, inputAt, outputsAt } from '../../demo/model/answer.js';
import { percent, short } from '../../demo/model/format.js';
import { accuracyOn, networkFile, readNetworkFile } from '../../demo/state/network-file.js';
import { readImageSource } from '../../src/data/folder.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { openNodeHost } from '../../src/hosts/node.js';
import {
  decodeSafetensors,
  drawExamples,
  type Figures,
  parseRunConfig,
  type RunSummary,
  type TwoLayerParameters,
} from '../../src/index.js';
import { drawParameters } from '../../src/models/two-layer.js';
import { espalier } from '../cli/espalier.js';
import {
  bring,
  button,
  clipboardOf,
  downloaded,
  drop,
  ended,
  playToEnd,
  QUICK,
  ready,
  resultTable,
  servedPage,
  textAt,
} from './fixture.js';
import { libraryJobs } from './jobs.js';

const demo = servedPage();

const lossText = ({ trainingLoss }: { readonly trainingLoss: number }) => trainingLoss.toFixed(3);

/** What a run leaves of its last checkpoint. */
const LAST = ['weights', 'subnetwork', 'fine-tuned', 'dense-fine-tuned', 'from-scratch'].map(
  (kind) => `${kind}-20`,
);

test('the first load weighs less than 300 KB, and its policy allows nothing from elsewhere', async () => {
  const html = await readFile(join(demo.folder, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name = '']) => name);
  const sizes = await Promise.all(
    ['index.html', ...linked].map(
      async (name) => gzipSync(await readFile(join(demo.folder, name))).length,
    ),
  );
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(300_000);
  // The other tabs are left for when they are opened.
  const assets = await readdir(join(demo.folder, 'assets'));
  expect(assets.filter((name) => /^tab-.*\.js$/.test(name))).toHaveLength(4);
  // Nor has the page that is published the benchmark's peers.
  expect(assets.filter((name) => /peers|\.wasm$/.test(name))).toEqual([]);
  expect(linked.filter((name) => name.includes('tab-'))).toEqual([]);
  expect(html).toMatch(/Content-Security-Policy" content="default-src &#39;none&#39;/);
  expect(html).not.toMatch(/unsafe-|(?:src|href)="(?!\.\/)/);
});

test('a network that this page saved is read back, and no other file taken for one', () => {
  const network = drawParameters({ width: 3, inputs: 5, outputs: 1, activation: 'relu' }, 1);
  const { name, bytes } = networkFile({ network, task: 'parity' });
  expect([name, readNetworkFile(bytes, name)]).toEqual([
    'network-3.safetensors',
    { network, task: 'parity' },
  ]);
  const tensors = {
    'hidden.weight': { dtype: 'F32', shape: [3, 5], data: network.hidden },
    'output.weight': { dtype: 'F32', shape: [3, 1], data: network.output },
  } as const;
  const told = { activation: 'relu', scale: '1/width', task: 'parity' };
  for (const [metadata, why] of [
    [{ ...told, activation: 'gelu' }, /name no activation/],
    [{ ...told, task: 'primes' }, /name no task/],
    [{ ...told, scale: '1' }, /the scale 1\/width/],
    [{ ...told, task: 'digits' }, /3 × 5 and 3 × 1, where both need as many rows .* 10 columns/],
  ] as const) {
    expect(() => readNetworkFile(encodeSafetensors(tensors, metadata), 'n')).toThrow(why);
  }
});

describe('a run from beginning to end', () => {
  let page: Page;
  let complaints: string[];
  let files: Record<string, Uint8Array>;
  let summary: RunSummary;

  beforeAll(async () => {
    ({ page, complaints } = await demo.visit(QUICK));
    await playToEnd(page);
    await (await button(page, 'Save the whole run')).click();
    files = unzipSync(await downloaded(demo.downloads, 'espalier-digits-seed3.zip'));
    summary = json('summary.json') as RunSummary;
  });

  const json = (name: string): unknown => JSON.parse(new TextDecoder().decode(files[name]));
  const config = () => json('config.json') as object;
  const network = (name: string): TwoLayerParameters => {
    const tensors = decodeSafetensors(files[name] as Uint8Array, name);
    const hidden = tensors.get('hidden.weight');
    const output = tensors.get('output.weight');
    if (hidden?.dtype !== 'F32' || output?.dtype !== 'F32')
      throw new Error(`${name} lacks a layer.`);
    const [width = 0, inputs = 0] = hidden.shape;
    const outputs = output.shape[1] ?? 0;
    const layers = { hidden: hidden.data, output: output.data };
    return { width, inputs, outputs, activation: 'tanh', ...layers };
  };

  test('shows the figures of its summary', async () => {
    const { dense, subnetwork, fineTuned } = summary;
    const columns = [dense, subnetwork, fineTuned as Figures];
    expect(await resultTable(page)).toEqual({
      Steps: ['20', '20', '25'],
      'Right answers': columns.map(({ testAccuracy }) => percent(testAccuracy)),
      Error: columns.map(lossText),
      Neurons: columns.map(({ width }) => String(width)),
      Parameters: columns.map(({ parameters }) => short(parameters)),
      FLOPs: columns.map(({ flopsPerExample }) => short(flopsPerExample)),
    });
    expect(await textAt(page, '.verdict')).toContain('after the same 20 steps');
    // With as many steps of fine-tuning the dense network is another to compare with.
    await page.click('[name="tuned"]');
    await page.waitForFunction(() =>
      document.querySelector('.verdict')?.textContent?.includes('25 steps'),
    );
    const [, ...small] = columns;
    expect(await resultTable(page)).toMatchObject({
      Steps: ['25', '20', '25'],
      Error: [summary.denseFineTuned as Figures, ...small].map(lossText),
    });
    await page.click('[name="tuned"]');
    expect(complaints).toEqual([]);
  });

  test('saves the files of the contract, from which the library repeats the run in Node', async () => {
    expect(Object.keys(files).sort()).toEqual(
      [
        'config.json',
        'curve.txt',
        'data/t10k-images-idx3-ubyte',
        'data/t10k-labels-idx1-ubyte',
        'data/train-images-idx3-ubyte',
        'data/train-labels-idx1-ubyte',
        'dataset.safetensors',
        'events.jsonl',
        'summary.json',
        ...[0, 10, 20].flatMap((t) => [
          `fine-tuned-${t}.safetensors`,
          `subnetwork-${t}.safetensors`,
          `weights-${t}.safetensors`,
        ]),
        'dense-fine-tuned-20.safetensors',
        'from-scratch-20.safetensors',
      ].sort(),
    );
    const unpacked = join(demo.downloads, 'unpacked');
    await mkdir(join(unpacked, 'data'), { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(unpacked, name), bytes);

    const config = parseRunConfig(json('config.json'));
    const source = await readImageSource(join(unpacked, config.data));
    const examples = drawExamples(source, config.examples, config.seed);
    const host = await openNodeHost(libraryJobs, { adapter: 'software' });
    const { summary: repeated, sizes } = await host
      .execute('run', { config, examples })
      .finally(() => host.close());

    const dataset = decodeSafetensors(files['dataset.safetensors'] as Uint8Array, 'dataset');
    expect(dataset.get('train')?.data).toEqual(examples.indices);
    for (const name of ['dense', 'subnetwork', 'fineTuned'] as const) {
      const { seconds: _, ...expected } = repeated[name] as Figures;
      expect(summary[name]).toMatchObject(expected);
    }

    // Sizes are known once a run is done: a place of the slider is looked up, never computed. How long
    // that takes is printed, three times over a place, since what else this machine does takes time too.
    const dragged = await page.evaluate(async () => {
      const slider = document.querySelector('[name="neurons"]') as HTMLInputElement;
      const cell = (row: number) =>
        document.querySelector(`.result tbody tr:nth-child(${row}) td:nth-child(3)`)?.textContent;
      let computed = 0;
      const count = (owner: { prototype: object }, name: string) => {
        const prototype = owner.prototype as Record<string, (...values: unknown[]) => unknown>;
        const before = prototype[name] as (...values: unknown[]) => unknown;
        prototype[name] = function (...values) {
          computed++;
          return before.apply(this, values);
        };
        return () => {
          prototype[name] = before;
        };
      };
      const restore = [count(GPUQueue, 'submit'), count(Worker, 'postMessage')];
      const places = [];
      for (let place = Number(slider.max); place >= 0; place--) {
        const times: number[] = [];
        for (const from of [0, 1, 2]) {
          slider.value = String(from);
          slider.dispatchEvent(new Event('input'));
          await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
          const start = performance.now();
          slider.value = String(place);
          slider.dispatchEvent(new Event('input'));
          await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
          times.push(performance.now() - start);
        }
        places.unshift({ time: Math.min(...times), cells: [2, 3, 4].map(cell) });
      }
      for (const put of restore) {
        put();
      }
      return { places, computed };
    });
    expect(dragged.computed).toBe(0);
    expect(dragged.places.map(({ cells }) => cells)).toEqual(
      sizes.map((size) => [percent(size.testAccuracy), lossText(size), String(size.width)]),
    );
    const times = dragged.places.map(({ time }) => time).sort((a, b) => a - b);
    const usual = times[Math.floor(times.length / 2)] ?? 0;
    process.stderr.write(
      `Dragging answers in ${usual.toFixed(0)} ms, at most ${times.at(-1)?.toFixed(0)} ms.\n`,
    );
  });

  test('a run that was cut short goes on: here, and on the command line', async () => {
    const short = join(demo.downloads, 'short');
    await cp(join(demo.downloads, 'unpacked'), short, { recursive: true });
    for (const name of LAST) {
      await rm(join(short, `${name}.safetensors`));
    }
    const { page: other, complaints: others } = await demo.visit();
    await ready(other);
    await drop(other, [short]);
    await other.waitForFunction(() => location.hash.includes('data=own'));
    expect(await textAt(other, '.doing p')).toMatch(/trained up to step 10 of 20: going on/);
    await playToEnd(other);
    expect(await other.$$eval('.timeline input', (all) => all.length)).toBe(2);
    expect(await resultTable(other)).toEqual(await resultTable(page));

    const { code } = await espalier(['run', '--from', 'short', '--out', 'on'], demo.downloads);
    expect(code).toBe(0);
    for (const name of LAST) {
      const file = `${name}.safetensors`;
      const bytes = await readFile(join(demo.downloads, 'on', file));
      expect(bytes.equals(files[file] as Uint8Array), file).toBe(true);
    }

    const refused = async (expected: string) =>
      other.waitForFunction(
        (text) => document.querySelector('.trouble')?.textContent?.includes(text),
        {},
        expected,
      );
    const at = (name: string) => join(short, name);
    await bring(other, [at('weights-10.safetensors')]);
    await refused('drop the config.json of its folder with it');
    await writeFile(at('config.json'), JSON.stringify({ ...config(), width: 33 }));
    await bring(other, [at('config.json'), at('weights-10.safetensors')]);
    await refused('expected hidden.weight as F32 [33, 785], found F32 [32, 785]');
    await writeFile(at('config.json'), JSON.stringify({ ...config(), seed: 4 }));
    await bring(other, [
      at('config.json'),
      at('weights-10.safetensors'),
      at('dataset.safetensors'),
    ]);
    await refused('dataset.safetensors does not hold the 200 examples');
    expect(others).toEqual([]);
    await other.close();
  });

  test('goes on with a run of the command line', async () => {
    const flags =
      '--refit weights --task digits --examples 200 --width 16 --batch 16 --picks 3 --fine-tune 0 --prune-every 10';
    const run = ['run', ...flags.split(' '), '--iterations', '20', '--out', 'cli'];
    expect((await espalier(run, demo.downloads)).code).toBe(0);
    const written = JSON.parse(await readFile(join(demo.downloads, 'cli/summary.json'), 'utf8'));
    await rm(join(demo.downloads, 'cli/weights-20.safetensors'));
    const { page: other, complaints: others } = await demo.visit();
    await ready(other);
    await drop(other, [join(demo.downloads, 'cli')]);
    await other.waitForFunction(() => location.hash.includes('data=full'));
    expect(await textAt(other, '.doing p')).toMatch(/step 10 of 20: going on/);
    await playToEnd(other);
    const losses = [written.dense, written.subnetwork].map((figures: Figures) =>
      figures.trainingLoss.toFixed(3),
    );
    expect((await resultTable(other)).Error?.slice(0, 2)).toEqual(losses);
    expect(others).toEqual([]);
    await other.close();
  });

  test('draws each picked neuron with its multiplicity, in order of selection', async () => {
    const tensors = decodeSafetensors(
      files['subnetwork-20.safetensors'] as Uint8Array,
      'subnetwork',
    );
    const selected = [...(tensors.get('selected')?.data ?? [])];
    const distinct = [...new Set(selected)].map((neuron) => {
      const times = selected.filter((other) => other === neuron).length;
      return `Neuron ${neuron}${times > 1 ? `, picked ${times} times` : ''}`;
    });
    const shown = await page.$$eval('.picks [role="img"]', (all) =>
      all.map((canvas) => canvas.getAttribute('aria-label')),
    );
    expect(shown).toEqual(distinct);
  });

  test('looks back at an earlier checkpoint, and saves its network, which it takes back', async () => {
    await page.focus('.timeline input:checked');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('.timeline input[value="10"]:checked');
    const save = await page.waitForSelector(
      "::-p-xpath(//button[starts-with(normalize-space(), 'Save the network of')])",
    );
    const width = /\d+/.exec((await save?.evaluate((it) => it.textContent)) ?? '')?.[0];
    await save?.click();
    const name = `network-${width}.safetensors`;
    const saved = readNetworkFile(await downloaded(demo.downloads, name), name);
    const { test: unseen } = await readImageSource(join(demo.folder, 'data/small'));
    const share = percent(accuracyOn(saved, unseen));
    expect((await resultTable(page))['Right answers']).toContain(share);
    await bring(page, [join(demo.downloads, name)]);
    await page.waitForSelector('.said');
    expect(await textAt(page, '.said p')).toBe(
      `A network of ${width} neurons (tanh): it gets ${share} of 1,000 new digits right.`,
    );
    await page.focus('.timeline input:checked');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('.timeline input[value="20"]:checked');
  });

  test('answers a drawn digit as the saved weights do', async () => {
    const pad = await page.$('.pad canvas');
    await pad?.scrollIntoView();
    const box = await pad?.boundingBox();
    if (!box) throw new Error('There is no pad.');
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.3, 0.25));
    await page.mouse.down();
    await page.mouse.move(...at(0.7, 0.25), { steps: 4 });
    await page.mouse.move(...at(0.45, 0.8), { steps: 4 });
    await page.mouse.up();
    // The picture is painted after the frame that shows its answers.
    await page.evaluate(
      () => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))),
    );
    const pixels = await page.$eval('.seen canvas', (canvas) => {
      const seen = canvas as HTMLCanvasElement;
      const image = seen.getContext('2d')?.getImageData(0, 0, seen.width, seen.height);
      return [...(image?.data ?? [])].filter((_, i) => i % 4 === 3);
    });
    const drawing = { count: 1, rows: 28, columns: 28, pixels: Uint8Array.from(pixels) };
    const names = ['weights-20', 'subnetwork-20', 'fine-tuned-20'];
    const answers = names.map((name) =>
      answerFromOutputs(outputsAt(network(`${name}.safetensors`), inputAt(drawing, 0))),
    );
    expect(pixels.filter((ink) => ink > 128).length).toBeGreaterThan(30);
    expect(
      await page.$$eval('.opinions dd', (all) => all.map((dd) => Number(dd.textContent))),
    ).toEqual(answers);
    await (await button(page, 'Clear')).click();
    await page.waitForSelector('.invite');
  });

  test('a link carries results; it takes its own .zip back, and a configuration alone', async () => {
    const clipboard = await clipboardOf(page);
    // Not at a place on the screen, which something above may just have moved.
    await (await button(page, 'Copy a link to this view')).evaluate((copy) => copy.click());
    await button(page, 'Copied, with results');
    const link = await clipboard();
    const other = await demo.visit(new URL(link).hash);
    // What was found is seen before anything runs here, and said to be of the link.
    expect(await textAt(other.page, '.linked')).toMatch(/^From a link, not run here/);
    expect(await textAt(other.page, '.headline')).toBe(await textAt(page, '.headline'));
    expect(await textAt(other.page, '.verdict')).toBe(await textAt(page, '.verdict'));
    await ready(other.page);
    // One that no run can have found is refused, and nothing else.
    await other.page.evaluate(() => {
      location.hash = location.hash.replace(/dense\.\w+\.\w+/, 'dense.w.zzz');
    });
    await other.page.waitForSelector('.trouble');
    expect(await textAt(other.page, '.trouble')).toMatch(
      /^The results in this link cannot be read.*466\.55 % of right answers/,
    );
    expect(other.page.url()).not.toContain('found');
    expect(await other.page.$('.linked')).toBeNull();
    await bring(other.page, [join(demo.downloads, 'espalier-digits-seed3.zip')]);
    await other.page.waitForFunction(() => location.hash.includes('data=own'));
    // What it holds is there before anything runs, and is of no link.
    const told = () => textAt(other.page, '.headline');
    await expect.poll(told).toBe(await textAt(page, '.headline'));
    expect(await other.page.$('.linked')).toBeNull();
    await playToEnd(other.page);
    expect(await resultTable(other.page)).toEqual(await resultTable(page));
    // What training changed is drawn against the first weights, which this run did not have.
    const drawn = await other.page.$eval('.dense .mosaic canvas', (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      return new Set(context?.getImageData(0, 0, width, height).data).size;
    });
    expect(drawn).toBeGreaterThan(20);
    const config = join(demo.downloads, 'config.json');
    await writeFile(config, JSON.stringify({ width: 77, task: 'parity' }));
    await bring(other.page, [config]);
    await other.page.waitForFunction(() => /task=parity.*width=77/.test(location.hash));
    await writeFile(config, JSON.stringify({ width: 78, momentum: 0.9, targetLoss: 0.1 }));
    await bring(other.page, [config]);
    await other.page.waitForSelector('.trouble');
    expect(await textAt(other.page, '.trouble')).toContain('momentum 0.9, targetLoss 0.1');
    expect(other.page.url()).toContain('width=78');
    expect(other.complaints).toEqual([]);
    await other.page.close();
  });

  test('resets, steps from checkpoint to checkpoint, and pauses', async () => {
    await (await button(page, 'Reset')).click();
    await page.waitForFunction(() => !document.querySelector('.picks'));
    await (await button(page, 'Step')).click();
    await page.waitForFunction(() => document.querySelector('.play')?.textContent === 'Go on');
    expect(await page.$$eval('.timeline input', (all) => all.length)).toBe(1);
    await (await button(page, 'Step')).click();
    await page.waitForFunction(() => document.querySelectorAll('.timeline input').length === 2);
    await page.waitForFunction(() => document.querySelector('.play')?.textContent === 'Go on');
    // In the page: the rest of the run may take less time than finding a button from here.
    await page.$eval('.play', async (element) => {
      const play = element as HTMLButtonElement;
      play.click();
      await new Promise(requestAnimationFrame);
      if (play.textContent?.trim() === 'Pause') play.click();
    });
    await page.waitForFunction(() => document.querySelector('.play')?.textContent !== 'Pause');
    if ((await textAt(page, '.play')).trim() === 'Go on') await page.click('.play');
    await ended(page);
    // Interrupted or not, the same seed gives the same bits.
    expect((await resultTable(page)).Error?.[0]).toBe(summary.dense.trainingLoss.toFixed(3));
    expect(complaints).toEqual([]);
    await page.close();
  });
});
