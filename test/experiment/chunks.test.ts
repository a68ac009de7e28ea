import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { compare } from '../../src/experiment/compare.js';
import {
  drawExamples,
  type Examples,
  networkShape,
  uploadImages,
} from '../../src/experiment/examples.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { datasetFile, eventFile } from '../../src/experiment/run-files.js';
import { requireFits } from '../../src/experiment/size-limits.js';
import { adoptDevice, type Device } from '../../src/gpu/device.js';
import { openNodeAdapter, openNodeDevice } from '../../src/hosts/node.js';
import { createPace } from '../../src/hosts/pace.js';
import {
  drawParameters,
  readParameters,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../../src/models/two-layer.js';
import { listTrials } from '../../src/study/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import { studyTrial } from '../../src/study/trial.js';
import { advance, startTraining } from '../../src/train/gradient-descent.js';
import { descend, distance, replay } from './oracle.js';
import { networkFromTensors, problemFromImages, readImages, readTensors } from './reader.js';
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
    picks: 2,
    fineTune: 0,
    activation: 'relu',
  });
  const adapter = await openNodeAdapter();
  const raw = await adapter.requestDevice();
  const device = adoptDevice(raw, adapter, { pace: createPace(0.5) });
  const drawn = drawExamples(await readImageSource(data), examples, config.seed);
  const files = [datasetFile(drawn)];
  for await (const event of run(device, { config, examples: drawn })) {
    const file = eventFile(event);
    if (file) files.push(file);
  }
  expect(device.liveBytes).toBe(0);
  raw.destroy();
  for (const { name, bytes } of files) await writeFile(join(root, name), bytes);

  const { trainImages, trainLabels } = sourceFiles(data);
  const indices = readTensors(join(root, 'dataset.safetensors')).get('train')!.data;
  const problem = problemFromImages(readImages(trainImages, trainLabels), config.task, indices);
  const network = (name: string) =>
    networkFromTensors(readTensors(join(root, `${name}.safetensors`)), problem);
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

describe('a device with the default limits', () => {
  const [examples, width] = [1003, 33_601];
  let narrow: Device;
  let drawn: Examples;
  beforeAll(async () => {
    const adapter = await openNodeAdapter();
    narrow = adoptDevice(await adapter.requestDevice(), adapter, { pace: createPace(0.5) });
    const shape = { rows: 1, columns: 3, train: examples, test: 3 };
    drawn = drawExamples(await readImageSource(await writeSource(root, shape)), examples, 0);
  });
  afterAll(() => narrow?.raw.destroy());

  test('trains by drawn batches larger than its bindings as another device does', async () => {
    using wide = await openNodeDevice();
    const config = parseRunConfig({
      examples,
      width,
      batch: 1002,
      iterations: 1,
      momentum: 0.9,
      method: 'random',
      picks: 1,
      fineTune: 0,
    });
    const events = run(narrow, { config, examples: drawn });
    let cut: TwoLayerParameters | undefined;
    for await (const event of events) {
      if (event.type !== 'checkpoint') continue;
      cut = event.network;
      if (event.iteration > 0) break;
    }
    using train = uploadImages(wide, 'training', drawn.train, config.task);
    const first = drawParameters(networkShape(config, drawn), config.seed);
    using network = uploadTwoLayer(wide, first);
    using training = startTraining(network, train, config);
    for await (const _ of advance(training, 1));
    const whole = await readParameters(network);
    const far = (key: 'hidden' | 'output') =>
      cut![key].reduce((most, x, i) => Math.max(most, Math.abs(x - whole[key][i]!)), 0);
    expect(cut!.hidden).toHaveLength(4 * width);
    expect(Math.max(far('hidden'), far('output'))).toBeLessThan(1e-5);
  });

  test.each([
    ['software', { batch: 'full', examples: 5_000_000 }, 'examples 5000000', 2_147_456],
    ['software', { batch: 4_500_000, examples: 5_000_000 }, 'batch 4500000', 2_147_456],
    ['hardware', { batch: 'full', examples: 5_000_000 }, 'examples 5000000', 2_181_010],
  ] as const)(
    'is told, %s, that the gradient of %j has too many slices',
    (kind, sizes, given, fits) => {
      const all = { ...sizes, width: 2000, picks: 5, task: 'parity', rules: [] } as const;
      const [key] = given.split(' ');
      const adapter = { ...narrow.adapter, kind };
      const device = { adapter, limits: narrow.limits } as unknown as Device;
      expect(() => requireFits(device, all, { rows: 1, columns: 1 })).toThrow(
        expect.objectContaining({
          code: 'limit-exceeded',
          message: expect.stringMatching(
            new RegExp(`^${given} is too .* output gradient fit up to ${key} ${fits}\\.$`),
          ),
        }),
      );
    },
  );

  test('is told before any training how many picks the corrective rule fits there', async () => {
    const given = { width, picks: 999, iterations: 1, rule: 'corrective' };
    const config = parseRunConfig({ ...given, examples });
    const sweep = parseStudyConfig({ ...given, sizes: [examples], pruneEvery: 1 });
    const input = { config: sweep, trial: listTrials(sweep)[0]!, examples: drawn };
    const contest = { contenders: ['random', 'corrective'], sizes: [5, 999] } as const;
    for (const [events, key] of [
      [run(narrow, { config, examples: drawn }), 'picks'],
      [studyTrial(narrow, input), 'picks'],
      [compare(narrow, { config, ...contest, examples: drawn }), 'sizes'],
    ] as const) {
      await expect(events.next()).rejects.toMatchObject({
        code: 'limit-exceeded',
        message: expect.stringMatching(
          new RegExp(`^${key} 999 .* corrective rule fit up to ${key} 998\\.$`),
        ),
      });
      expect(narrow.liveBytes).toBe(0);
    }
  });
});
