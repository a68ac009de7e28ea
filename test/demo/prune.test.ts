import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { ElementHandle, Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { divided } from '../../demo/prune/cut.js';
import { parseCifar10 } from '../../src/data/cifar10.js';
import { type Pictures, type Preprocessing, picturesAt } from '../../src/data/pictures.js';
import { loadModel } from '../../src/experiment/model/model.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { button, downloaded, openTab, seriousFindings, servedPage, textAt } from './fixture.js';

const NETWORKS = resolve(import.meta.dirname, '../../demo/networks');
const COUNT = 24;

const demo = servedPage();

/** The first pictures that the page brings along, without their labels. */
function somePictures(): Pictures {
  const file = 'cifar10-test-512.bin';
  const bytes = readFileSync(join(NETWORKS, file)).subarray(0, COUNT * 3073);
  const { labels: _, ...pictures } = parseCifar10([{ file, bytes }]);
  return pictures;
}

/** Pictures as NumPy saves them. */
function npyOf({ count, height, width, channels, pixels }: Pictures): Uint8Array {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${[count, height, width, channels].join(', ')}), }`;
  const header = `${text.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]),
    Buffer.from(header),
    pixels,
  ]);
}

/** As a network takes them, [images, channels, rows, columns]. */
function normalised(pictures: Pictures, { mean, deviation }: Preprocessing): Float64Array {
  const { height, width, channels, pixels } = pictures;
  const area = height * width;
  return Float64Array.from({ length: pixels.length }, (_, at) => {
    const channel = Math.floor(at / area) % channels;
    const image = Math.floor(at / (area * channels));
    const pixel = pixels[(image * area + (at % area)) * channels + channel] as number;
    return (pixel / 255 - (mean[channel] as number)) / (deviation[channel] as number);
  });
}

function largestAt(values: ArrayLike<number>, row: number, classes: number): number {
  const own = Array.from(values).slice(row * classes, (row + 1) * classes);
  return own.indexOf(Math.max(...own));
}

async function bringTo(page: Page, name: string, path: string): Promise<void> {
  const input = await page.waitForSelector(`input[name="${name}"]:enabled`);
  await (input as ElementHandle<HTMLInputElement>).uploadFile(path);
}

const SAID = '[data-view="prune"] .doing p';

async function saying(page: Page, beginning: string): Promise<void> {
  await page.waitForFunction(
    (said, text) => document.querySelector(said)?.textContent?.startsWith(text),
    {},
    SAID,
    beginning,
  );
}

test('prunes the built-in network by pictures without labels, and its files answer as the page says', async () => {
  const { page, complaints } = await demo.visit('#view=prune');
  await page.waitForSelector('[data-view="prune"] .play:enabled');

  // A file that is no network is refused beside the place where it was brought, and changes nothing.
  const broken = join(demo.downloads, 'broken.onnx');
  await writeFile(broken, 'not a network');
  await bringTo(page, 'prune-network', broken);
  const fault = 'section[aria-labelledby="prune-network"] .fault';
  await page.waitForSelector(fault);
  expect(await textAt(page, fault)).toMatch(/broken\.onnx/);
  expect(await textAt(page, '[data-view="prune"] .what')).toContain('resnet8');

  const pictures = somePictures();
  const file = join(demo.downloads, 'pictures.npy');
  await writeFile(file, npyOf(pictures));
  await bringTo(page, 'prune-pictures', file);
  await page.waitForFunction(
    (count) =>
      document
        .querySelector('section[aria-labelledby="prune-pictures"] .what')
        ?.textContent?.startsWith(`${count} pictures`),
    {},
    COUNT,
  );
  // What is done since leaves no older complaint behind.
  expect(await page.$(fault)).toBeNull();
  // While nothing is measured, the units share evenly; the bars follow the slider at once.
  const kept = () =>
    page.$$eval('.budget .count', (all) =>
      all.map((count) => Number.parseInt(count.textContent ?? '', 10)),
    );
  const before = await kept();
  await page.focus('input[name="prune.share"]');
  for (let presses = 0; presses < 10; presses++) await page.keyboard.press('ArrowLeft');
  await expect.poll(kept).not.toEqual(before);
  for (let presses = 0; presses < 10; presses++) await page.keyboard.press('ArrowRight');
  await expect.poll(kept).toEqual(before);

  await page.click('[data-view="prune"] .play');
  // Left in the middle, it goes on by itself, with what was measured until then.
  await saying(page, 'Trying cuts of layer2');
  await page.reload();
  await saying(page, 'Going on where the page was left: ');
  expect(await textAt(page, SAID)).not.toContain('layer1');
  await page.waitForFunction(
    (said) => document.querySelector(said)?.textContent?.startsWith('Done'),
    { timeout: 200_000 },
    SAID,
  );
  const done = await textAt(page, SAID);
  const left = await kept();
  expect(await textAt(page, '[data-view="prune"] .result')).toContain('fewer than the 64 channels');
  expect(await seriousFindings(page)).toEqual([]);

  const save = async (form: string, name: string) => {
    await (await button(page, form)).click();
    const press = await page.waitForSelector(`::-p-xpath(//button[contains(., '${name}')])`);
    await press?.click();
    return downloaded(demo.downloads, name);
  };
  const onnx = await save('ONNX', 'resnet8-pruned.onnx');
  const model = loadModel(await save('safetensors', 'resnet8-pruned.safetensors'), 'pruned');
  const { network, preprocessing } = model;
  const maps = (own: Pictures) => ({
    images: own.count,
    channels: 3,
    height: 32,
    width: 32,
    data: normalised(own, preprocessing),
  });
  expect(left).toEqual(
    ['layer1', 'layer2', 'layer3'].map(
      (layer) => network.weights.get(`${layer}.0.conv1.weight`)?.shape[0],
    ),
  );
  const judges = picturesAt(pictures, divided(COUNT).judging);
  const images = maps(judges);
  const answers = referenceAnswers(network, images);
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(onnx);
  const [input = '', output = ''] = [session.inputNames[0], session.outputNames[0]];
  const given = new Tensor('float32', Float32Array.from(images.data), [judges.count, 3, 32, 32]);
  const { [output]: logits } = await session.run({ [input]: given });
  await session.release();
  const found = (logits as Tensor).data as Float32Array;
  expect(found).toHaveLength(10 * judges.count);
  found.forEach((logit, at) => {
    expect(Math.abs(logit - (answers[at] as number))).toBeLessThan(1e-4);
  });
  // What the page says of its agreement with the dense network is what those answers give.
  const whole = 'resnet8-cifar10.safetensors';
  const dense = loadModel(readFileSync(join(NETWORKS, whole)), whole);
  const wanted = referenceAnswers(dense.network, images);
  const same = Array.from({ length: judges.count }, (_, at) => at).filter(
    (at) => largestAt(wanted, at, 10) === largestAt(found, at, 10),
  ).length;
  expect(done).toContain(`${((100 * same) / judges.count).toFixed(1)}% same answers`);
  expect(await page.$$eval('.disputes li', (all) => all.length)).toBe(judges.count - same);

  // All is there again after a reload, from whichever tab it is looked for.
  await page.reload();
  await openTab(page, 'Play');
  await openTab(page, 'Prune');
  await page.waitForFunction(
    (said, text) => document.querySelector(said)?.textContent === text,
    {},
    SAID,
    done,
  );
  // The bars come a moment after the words.
  await expect.poll(kept).toEqual(left);

  // Reset loses no result without a way back to it.
  await (await button(page, 'Reset')).click();
  const back = await page.waitForSelector('.result .aside button:enabled');
  expect(await textAt(page, '.result .aside p')).toMatch(
    /^resnet8, 24 pictures \(pictures\.npy\), and 1 result made way\./,
  );
  await back?.click();
  await page.waitForFunction(
    (said, text) => document.querySelector(said)?.textContent === text,
    {},
    SAID,
    done,
  );
  expect(complaints).toEqual([]);
  await page.close();
});
