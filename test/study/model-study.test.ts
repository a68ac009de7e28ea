import { afterAll, beforeAll, expect, test } from 'vitest';
import { PREPROCESSINGS } from '../../src/data/pictures.js';
import { encodeModel, loadModel } from '../../src/experiment/model/model.js';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import type { Network } from '../../src/graph/weights.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import type { ModelStudyCell } from '../../src/study/model/cell.js';
import { parseModelStudyConfig } from '../../src/study/model/config.js';
import { placesOfTrial, stepsOfStudy } from '../../src/study/model/grid.js';
import { measureRates } from '../../src/study/model/rates.js';
import type { KeptTraining } from '../../src/study/model/train-kept.js';
import {
  iterationInName,
  type ModelTrialInput,
  networkName,
  studyModelTrial,
} from '../../src/study/model/trial.js';
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
  checkpoints: [0, 3, 4],
  batch: 8,
  criteria: ['group', 'l1'],
  fineTune: 1,
  calibration: 9,
});
const trial = { examples: 12, trial: 0 };
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
  test: labelled(21),
  places: placesOfTrial(config, trial),
};

interface Session {
  readonly cells: readonly ModelStudyCell[];
  readonly networks: ReadonlyMap<string, Network>;
  readonly training?: KeptTraining | undefined;
}

/** Does the trial up to its `until`th event to keep, and gives what a folder would hold then. */
async function session(before?: Session, until = Number.POSITIVE_INFINITY): Promise<Session> {
  const cells = [...(before?.cells ?? [])];
  const networks = new Map(before?.networks);
  let training = before?.training;
  const places = input.places.slice(cells.length);
  const kept = [...networks].filter(([name]) =>
    places.some(({ iteration }) => iteration === iterationInName(name)),
  );
  let seen = 0;
  const own = { ...input, places, networks: new Map(kept), ...(training && { training }) };
  for await (const event of studyModelTrial(device, own)) {
    if (event.type === 'progress') continue;
    if (event.type === 'cell') cells.push(event.cell);
    if (event.type === 'network') networks.set(event.name, event.network);
    if (event.type === 'state') training = event.training;
    if (++seen >= until) break;
  }
  return { cells, networks, training };
}

const figures = ({ cells }: Session) => cells.map(({ seconds: _, ...rest }) => rest);

test('a trial that is killed again and again comes to the same figures, which its networks have', async () => {
  const whole = await session();
  expect(whole.cells.map(({ iteration, criterion }) => `${iteration} ${criterion}`)).toEqual([
    '0 group',
    '0 l1',
    '3 group',
    '3 l1',
    '4 group',
    '4 l1',
  ]);
  let killed: Session | undefined;
  // Within the pre-training, between networks of a cell, and between cells.
  for (const until of [3, 6, 8, Number.POSITIVE_INFINITY]) {
    killed = await session(killed, until);
  }
  expect(figures(killed as Session)).toEqual(figures(whole));

  const cell = whole.cells[3] as ModelStudyCell;
  const accuracyOf = async (name: string) => {
    const model = {
      network: whole.networks.get(name) as Network,
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
    dense: networkName('dense', 3),
    subnetwork: networkName('pruned', 3, 'l1'),
    fineTuned: networkName('fine-tuned', 3, 'l1'),
    continued: networkName('dense-trained-on', 3),
    scratch: networkName('from-scratch', 3, kept.replaceAll(' ', '-')),
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
  // Cuts to the same architecture share the control from scratch.
  expect(whole.cells[2]?.scratchTestLoss).toBe(cell.scratchTestLoss);
  expect(
    [...whole.networks.keys()].filter((name) => name.startsWith('from-scratch-3')),
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
  expect(whole.networks.get(networkName('dense', 4))?.weights).toEqual(weights);
}, 120_000);
