import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { datasetFile, eventFile } from '../../src/experiment/run-files.js';
import type { Device } from '../../src/gpu/device.js';
import { espalier } from '../cli/espalier.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

let root: string;
let large: string;
let many: string;
let device: Device;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-determinism-'));
  large = await writeSource(join(root, 'large'), { rows: 19, columns: 20, train: 320, test: 9 });
  many = await writeSource(join(root, 'many'), { rows: 2, columns: 2, train: 4200, test: 9 });
  device = await sharedDevice();
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

type Settings = Readonly<Record<string, string | number>>;

/** Every safetensors file's bytes, as text that compares. */
type Files = Readonly<Record<string, string>>;

let runs = 0;

/** Runs the command line, in a process of its own. */
async function commandFiles(data: string, settings: Settings): Promise<Files> {
  const out = join(root, String(runs++));
  const flags = Object.entries({ data, ...settings, out }).flatMap(([key, value]) => [
    `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const { code, stderr } = await espalier(['run', ...flags], root);
  expect(code, stderr).toBe(0);
  const names = (await readdir(out)).filter((name) => name.endsWith('.safetensors'));
  const entries = names.map(async (name) => [name, await readFile(join(out, name), 'latin1')]);
  return Object.fromEntries(await Promise.all(entries)) as Files;
}

/** Runs the library, on the device that all such runs share. */
async function libraryFiles(data: string, settings: Settings): Promise<Files> {
  const config = parseRunConfig({ data, ...settings });
  const examples = drawExamples(await readImageSource(data), config.examples, config.seed);
  const files = [datasetFile(examples)];
  for await (const event of run(device, { config, examples })) {
    const file = eventFile(event);
    if (file) files.push(file);
  }
  return Object.fromEntries(
    files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('latin1')]),
  );
}

// Wide enough for several workgroups in both directions, and for uneven last ones.
const SHAPE = { examples: 301, width: 133, iterations: 9, picks: 21, fineTune: 5 };

describe.each<[string, Settings]>([
  ['stochastic descent', { ...SHAPE, batch: 57, momentum: 0.9 }],
  ['descent', { ...SHAPE, batch: 'full', task: 'digits', activation: 'relu' }],
])('%s', (_, settings) => {
  test('gives the same bytes for one seed, and others for another', async () => {
    const first = await commandFiles(large, settings);
    expect(Object.keys(first)).toHaveLength(7);
    // In a process of its own, and in this one.
    expect(await libraryFiles(large, { ...settings, seed: 0 })).toEqual(first);
    const other = await libraryFiles(large, { ...settings, seed: 1 });
    expect(Object.keys(other).sort()).toEqual(Object.keys(first).sort());
    for (const [name, bytes] of Object.entries(other)) expect(bytes, name).not.toBe(first[name]);
  });
});

test('training does not depend on where checkpoints fall', async () => {
  // Sixteen batches of this size are uploaded at a time, so that checkpoints cut the blocks.
  const settings = {
    examples: 4200,
    width: 9,
    batch: 4096,
    iterations: 20,
    momentum: 0.9,
    picks: 4,
    fineTune: 3,
  };
  const plain = await libraryFiles(many, settings);
  const often = await libraryFiles(many, { ...settings, pruneEvery: 7 });
  expect(Object.keys(plain)).toHaveLength(7);
  expect(Object.keys(often)).toHaveLength(3 + 3 * 4);
  expect(often).toMatchObject(plain);
});

test('a batch of all examples, or more, is gradient descent', async () => {
  const settings = { examples: 67, width: 9, iterations: 5, picks: 4, fineTune: 3 };
  const full = await libraryFiles(large, { ...settings, batch: 'full' });
  for (const batch of [67, 1_000_000_000]) {
    expect(await libraryFiles(large, { ...settings, batch })).toEqual(full);
  }
});
