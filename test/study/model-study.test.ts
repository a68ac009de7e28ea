import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openModelStudyFolder } from '../../src/cli/study-model-folder.js';
import { type Pictures, PREPROCESSINGS, picturesAt } from '../../src/data/pictures.js';
import { picturesChecksum } from '../../src/data/read-ahead.js';
import { encodeModel, loadModel } from '../../src/experiment/model/model.js';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { listParameters } from '../../src/graph/parameters.js';
import { summarise } from '../../src/graph/summary.js';
import type { Network } from '../../src/graph/weights.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { randomStream } from '../../src/random.js';
import type { ModelStudyCell } from '../../src/study/model/cell.js';
import { parseModelStudyConfig } from '../../src/study/model/config.js';
import { drawPictures, placesOfTrial, stepsOfStudy } from '../../src/study/model/grid.js';
import { type ModelTrialInput, networkName } from '../../src/study/model/making.js';
import { modelTrialInput } from '../../src/study/model/material.js';
import { measureRates } from '../../src/study/model/rates.js';
import { studyModel } from '../../src/study/model/study.js';
import { studyModelTrial } from '../../src/study/model/trial.js';
import { evaluatePictures } from '../../src/train/evaluation.js';
import { trainNetwork } from '../../src/train/network-training.js';
import { randomPictures, input as size } from '../experiment/model/random-pictures.js';
import { freshDevice } from '../gpu/probe.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

const config = parseModelStudyConfig({
  architecture: 'resnet8',
  sizes: [12],
  trials: 1,
  iterations: 4,
  checkpoints: [0, 4],
  batch: 8,
  criteria: ['group', 'l1'],
  fineTune: 1,
  calibration: 9,
  // biome-ignore lint/suspicious/noThenProperty: the flag's name; a list is no function, so nothing awaits it
  then: ['magnitude', 0.5],
});
const trial = { architecture: 'resnet8', width: 1, examples: 12, trial: 0 };
const graph = buildArchitecture('resnet8', {
  input: size,
  classes: 3,
  width: 0.25,
});
const labelled = (count: number) => ({
  ...randomPictures(count),
  labels: Uint32Array.from({ length: count }, (_, at) => at % 3),
});
const input: ModelTrialInput = {
  config,
  trial,
  network: { graph, weights: drawWeights(graph, 0) },
  preprocessing: PREPROCESSINGS.cifar10,
  train: labelled(12),
  crc32: '0badcafe',
  test: labelled(21),
  places: placesOfTrial(config, trial),
};

/** Does the trial without a break. */
async function whole() {
  const cells: ModelStudyCell[] = [];
  const networks = new Map<string, Network>();
  let events = 0;
  for await (const event of studyModelTrial(device, input)) {
    events++;
    if (event.type === 'cell') cells.push(event.cell);
    if (event.type === 'network') networks.set(event.name, event.network);
  }
  return { cells, networks, events };
}

/** Goes on with the trial in a folder, and ends as if killed behind so many events; gives its cells there. */
async function session(path: string, until = Number.POSITIVE_INFINITY) {
  const folder = await openModelStudyFolder(path, config, () => input.preprocessing);
  const kept = folder.networksOfTrial(trial);
  const places = input.places.slice(folder.cells.length);
  const found = await kept.read(places.map(({ iteration }) => iteration));
  let seen = 0;
  let isKilled = false;
  for await (const event of studyModelTrial(device, { ...input, places, ...found })) {
    isKilled = ++seen > until;
    if (isKilled) {
      // In the middle of a write.
      if (event.type === 'cell') await appendFile(join(path, 'cells.jsonl'), '{"examples":12,"tr');
      break;
    }
    await kept.keep(event);
    if (event.type === 'cell') await folder.append(event.cell);
  }
  await folder.close();
  return { cells: folder.cells, isKilled };
}

const figures = (cells: readonly ModelStudyCell[]) => cells.map(({ seconds: _, ...rest }) => rest);

test('a trial that is killed ten times at random comes to the same figures, which its networks have', async () => {
  const alone = await whole();
  expect(alone.cells.map(({ iteration, criterion }) => `${iteration} ${criterion}`)).toEqual([
    '0 group',
    '0 l1',
    '4 group',
    '4 l1',
  ]);
  const path = await mkdtemp(join(tmpdir(), 'espalier-kills-'));
  const moments = randomStream(1, 'kills');
  for (let kill = 0; kill < 10; kill++) {
    const { isKilled } = await session(path, moments.below(Math.floor(alone.events / 6)));
    expect(isKilled).toBe(true);
  }
  const { cells, isKilled } = await session(path);
  expect(isKilled).toBe(false);
  expect(figures(cells)).toEqual(figures(alone.cells));
  const lines = (await readFile(join(path, 'cells.jsonl'), 'utf8')).trim().split('\n');
  expect(figures(lines.map((line) => JSON.parse(line)))).toEqual(figures(alone.cells));
  await rm(path, { recursive: true });

  const cell = alone.cells[3] as ModelStudyCell;
  const accuracyOf = async (name: string) => {
    const model = {
      network: alone.networks.get(name) as Network,
      preprocessing: PREPROCESSINGS.cifar10,
    };
    const file = encodeModel({ ...model, counters: new Map() });
    const { network, preprocessing } = loadModel(file, `${name}.safetensors`);
    const { accuracy, loss } = await finalResult(
      evaluatePictures(device, network, input.test, { preprocessing }),
    );
    return { accuracy, loss };
  };
  const { kept } = cell;
  const names = {
    dense: networkName('dense', 4),
    subnetwork: networkName('pruned', 4, 'l1'),
    fineTuned: networkName('fine-tuned', 4, 'l1'),
    continued: networkName('dense-trained-on', 4),
    scratch: networkName('from-scratch', 4, kept.replaceAll(' ', '-')),
    // biome-ignore lint/suspicious/noThenProperty: a string
    then: networkName('then-fine-tuned', 4, 'l1'),
    channelsAlone: networkName('channels-alone', 4, 'l1'),
    magnitudeAlone: networkName('magnitude-alone', 4, String(cell.thenParameters)),
  } as const;
  for (const [key, name] of Object.entries(names) as [keyof typeof names, string][]) {
    const { accuracy, loss } = await accuracyOf(name);
    expect([name, accuracy, loss]).toEqual([
      name,
      cell[`${key}TestAccuracy`],
      cell[`${key}TestLoss`],
    ]);
  }
  expect(cell.multiplyAdds).toBeLessThanOrEqual(0.5 * cell.denseMultiplyAdds);
  // What is compared after magnitude pruning has as many numbers that are not zero.
  const nonzero = (name: string) => {
    const { graph, weights } = alone.networks.get(name) as Network;
    const trained = listParameters(graph).filter(
      ({ role }) => role === 'weight' || role === 'bias',
    );
    const filters = trained.filter(({ shape }) => shape.length > 1).map((own) => own.name);
    const zeros = filters.flatMap((own) => [...weights.get(own)!.data].filter((w) => w === 0));
    return summarise(graph).parameters - zeros.length;
  };
  expect(nonzero(names.then)).toBe(cell.thenParameters);
  expect(nonzero(names.magnitudeAlone)).toBe(cell.thenParameters);
  expect(nonzero(names.channelsAlone)).toBe(cell.channelsAloneParameters);
  expect(cell.channelsAloneParameters).toBeLessThanOrEqual(cell.thenParameters!);

  // Cuts to the same architecture share the control from scratch.
  expect(alone.cells[2]?.scratchTestLoss).toBe(cell.scratchTestLoss);
  expect(
    [...alone.networks.keys()].filter((name) => name.startsWith('from-scratch-4')),
  ).toHaveLength(1);

  const { preprocessing, network, train: pictures } = input;
  const rates = await measureRates(device, { network, preprocessing, pictures, batch: 8 });
  expect(Math.min(rates.training, rates.answers)).toBeGreaterThan(0);
  expect(Math.max(rates.training, rates.answers)).toBeLessThan(1e9);

  // Pre-training is one training of all steps, and not several.
  const { all } = stepsOfStudy(config, trial.examples);
  const { weights } = await finalResult(
    trainNetwork(device, network, pictures, {
      ...{ batch: 8, epochs: 1, steps: all, learningRate: 0.1, schedule: 'cosine', momentum: 0.9 },
      ...{ weightDecay: 5e-4, augment: true, seed: 0, preprocessing },
    }),
  );
  expect(alone.networks.get(networkName('dense', 4))?.weights).toEqual(weights);
}, 240_000);

test('streamed pictures are read once for the checksum that tells them', async () => {
  const own = { ...config, sizes: [8] };
  const pictures = labelled(12);
  const reads: number[] = [];
  const { pixels: _, ...set } = pictures;
  const read = async (indices: ArrayLike<number>) => {
    reads.push(...Array.from(indices));
    return picturesAt(pictures, indices).pixels;
  };
  const streamed = { ...set, read };
  const models = [
    { architecture: 'resnet8', width: 1, graph, preprocessing: PREPROCESSINGS.cifar10 },
  ];
  const places = placesOfTrial(own, { ...trial, examples: 8 });
  const request = [places[0]!, ...places.slice(1)] as const;
  const held = await modelTrialInput(own, { models, train: pictures, test: pictures }, request);
  const { crc32 } = await modelTrialInput(
    own,
    { models, train: streamed, test: streamed },
    request,
  );
  expect(crc32).toBe(held.crc32);
  expect(reads).toHaveLength(8);
  expect(new Set(reads).size).toBe(8);
});

test('a study does all trials, and of one that was begun what is missing', async () => {
  const own = parseModelStudyConfig({
    ...{ architecture: 'resnet8', widths: [0.125], sizes: [3], trials: 1, iterations: 1 },
    ...{ checkpoints: [1], batch: 3, fineTune: 0, criteria: ['l1', 'random'], calibration: 3 },
    ...{ layerTolerance: 0.4, trainBetween: 1 },
  });
  const pixels = Uint8Array.from({ length: 3 * 32 * 32 * 3 }, (_, at) => (at * at) % 251);
  const pictures: Pictures = {
    ...{ count: 3, height: 32, width: 32, channels: 3, pixels },
    ...{ labels: Uint32Array.of(0, 1, 2), classes: ['a', 'b', 'c'] },
  };
  const source = { name: 'noise', train: pictures, test: pictures };
  const cells = await finalResult(studyModel(device, { config: own, source }));
  expect(cells.map(({ criterion }) => criterion)).toEqual(['l1', 'random']);
  // A tolerance cuts something, and each unit as far as its accuracy lets it.
  for (const cell of cells) expect(cell.multiplyAdds).toBeLessThan(cell.denseMultiplyAdds);
  const begun = { config: own, source, cells: cells.slice(0, 1) };
  const { crc32 } = cells[0]!;
  expect(crc32).toBe(await picturesChecksum(drawPictures(pictures, 3, 0)));
  const figuresOf = (all: readonly ModelStudyCell[]) => all.map(({ seconds: _, ...rest }) => rest);
  expect(figuresOf(await finalResult(studyModel(device, begun)))).toEqual(figuresOf(cells));
  const train = { ...pictures, pixels: pixels.toReversed() };
  await expect(
    finalResult(studyModel(device, { ...begun, source: { ...source, train } })),
  ).rejects.toThrow(/The study is of other images or labels/);
});
