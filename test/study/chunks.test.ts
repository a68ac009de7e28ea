import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { adoptDevice } from '../../src/gpu/device.js';
import { openNodeAdapter } from '../../src/hosts/node.js';
import { parseRunConfig } from '../../src/study/config.js';
import { drawExamples } from '../../src/study/examples.js';
import { datasetFile, fileOf } from '../../src/study/files.js';
import { run } from '../../src/study/run.js';
import { descend, distance, replay } from './oracle.js';
import { networkOf, problemOf, readImages, readTensors } from './reader.js';
import { sourceFiles, writeSource } from './source.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-chunks-'));
});
afterAll(() => rm(root, { recursive: true }));

test('activations larger than a binding are cut, in descent and in selection', async () => {
  // A device with WebGPU's default limits binds 128 MiB, so 998 of these examples at once.
  const [examples, width] = [1003, 33_601];
  const data = await writeSource(root, { rows: 1, columns: 3, train: examples, test: 3 });
  const config = parseRunConfig({
    data,
    examples,
    width,
    batch: 'full',
    iterations: 2,
    momentum: 0.9,
    neurons: 2,
    fineTune: 0,
    activation: 'relu',
  });
  const adapter = await openNodeAdapter();
  const raw = await adapter.requestDevice();
  const device = adoptDevice(raw, adapter);
  const drawn = drawExamples(await readImageSource(data), examples, config.seed);
  const files = [datasetFile(drawn)];
  for await (const event of run(device, { config, examples: drawn })) {
    const file = fileOf(event);
    if (file) files.push(file);
  }
  expect(device.liveBytes).toBe(0);
  raw.destroy();
  for (const { name, bytes } of files) await writeFile(join(root, name), bytes);

  const { trainImages, trainLabels } = sourceFiles(data);
  const indices = readTensors(join(root, 'dataset.safetensors')).get('train')!.data;
  const problem = problemOf(readImages(trainImages, trainLabels), config.task, indices);
  const network = (name: string) =>
    networkOf(readTensors(join(root, `${name}.safetensors`)), problem);
  const expected = descend(network('weights-0'), problem, {
    activation: 'relu',
    rate: config.learningRate,
    momentum: 0.9,
    steps: 2,
  });
  const actual = network('weights-2');
  expect(distance(actual, expected)).toBeLessThan(1e-4);
  const subnetwork = readTensors(join(root, 'subnetwork-2.safetensors'));
  const selected = subnetwork.get('selected')!.data;
  const steps = replay(actual, problem, 'relu', { selected, replacement: true });
  steps.forEach(({ loss, best }, k) => {
    expect(loss - best).toBeLessThanOrEqual(1e-5);
    expect(Math.abs(loss - subnetwork.get('loss')!.data[k]!)).toBeLessThanOrEqual(1e-4);
  });
});
