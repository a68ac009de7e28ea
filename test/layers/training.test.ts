import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { readMatrix, uploadMatrix } from '../../src/gpu/matrix.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Network, Weights } from '../../src/graph/weights.js';
import { prepareTraining } from '../../src/layers/training.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { activation, batchNorm, convolution, linear } from '../../src/models/nodes.js';
import { randomStream } from '../../src/random.js';
import { type ReferenceMaps, referenceAnswers } from '../../src/reference/network.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { randomImages, randomNetwork, relativeDifference, sampleGraph } from '../graph/sample.js';
import { uploadImages } from './networks.js';

/** How far float32 answers may lie off, by the largest of them. */
const ANSWERS = 1e-4;
/** The same of gradients, whose differences are of float64 with a step of 1e-8. */
const GRADIENTS = 2e-3;
let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

/** Σ answers · slopes, whose gradient by the answers is `slopes`, with batch norms as in training. */
function loss(network: Network, images: ReferenceMaps, slopes: Float64Array): number {
  const answers = referenceAnswers(network, images, 'images');
  return answers.reduce((sum, answer, at) => sum + answer * (slopes[at] ?? 0), 0);
}

/** The network with one number of a parameter moved. */
function moved({ graph, weights }: Network, name: string, at: number, by: number): Network {
  const weight = weights.get(name)!;
  const data = Float64Array.from(weight.data);
  data[at] = (data[at] ?? 0) + by;
  // The reference computes in float64 whatever array the numbers lie in.
  const shifted = { ...weight, data: data as unknown as Float32Array };
  return { graph, weights: new Map([...weights, [name, shifted]]) };
}

async function trainedOnce(network: Network, images: ReferenceMaps, slopes: Float64Array) {
  using training = await prepareTraining(device, network, { images: images.images + 1 });
  uploadImages(training.input, images);
  const { matrix } = training.outputGradient;
  const rows = (matrix.rows / (images.images + 1)) * images.images;
  uploadMatrix({ ...matrix, rows }, Float32Array.from(slopes));
  const commands = new Commands(device);
  training.forward(commands, images.images);
  training.backward(commands, images.images);
  await commands.finish();
  const answers = (await readMatrix(training.output.matrix)).slice(0, slopes.length);
  return { answers, gradients: await training.readGradients() };
}

/**
 * Networks, and of how many parameters one is tried. The deepest has three parameters a layer, so that
 * every tenth is of each kind in turn.
 */
const CASES: readonly (readonly [string, Graph, number])[] = [
  [
    'batch norm, depthwise filters, residual sums of several kinds',
    sampleGraph(
      [
        convolution('a', 'input', { outputs: 5, kernel: 3, padding: 1 }),
        batchNorm('a.norm', 'a'),
        activation('a.act', 'a.norm', 'hard-swish'),
        convolution('d', 'a.act', { outputs: 5, kernel: 3, padding: 1, groups: 5, bias: true }),
        batchNorm('d.norm', 'd'),
        { kind: 'add', name: 'sum', inputs: ['d.norm', 'a.act'] },
        activation('d.act', 'sum', 'hard-swish'),
        {
          ...convolution('s', 'd.act', { outputs: 5, kernel: 1, groups: 5, bias: true }),
          frozen: true,
        },
        convolution('b', 's', { outputs: 7, kernel: 3, stride: 2, padding: 1, bias: true }),
        activation('b.act', 'b', 'sigmoid'),
        convolution('c', 'b.act', { outputs: 4, kernel: 1 }),
        batchNorm('c.norm', 'c'),
        { kind: 'global-average-pool', name: 'pool', inputs: ['c.norm'] },
        { kind: 'flatten', name: 'flat', inputs: ['pool'] },
        linear('fc', 'flat', 3),
      ],
      { channels: 3, height: 7, width: 5 },
    ),
    1,
  ],
  [
    'resnet8',
    buildArchitecture('resnet8', { input: { channels: 3, height: 7, width: 5 }, width: 0.5 }),
    1,
  ],
  [
    'mobilenet-v2',
    buildArchitecture('mobilenet-v2', { input: { channels: 3, height: 8, width: 9 }, width: 0.1 }),
    10,
  ],
  [
    'resnet20',
    buildArchitecture('resnet20', { input: { channels: 3, height: 7, width: 5 }, width: 0.25 }),
    1,
  ],
];

describe('in training', () => {
  test.each(CASES)('%s: answers and gradients as in float64', async (_name, graph, every) => {
    const network = randomNetwork(graph);
    const images = randomImages(graph, 3);
    const stream = randomStream(4, 'slopes');
    const expected = referenceAnswers(network, images, 'images');
    const slopes = Float64Array.from(expected, () => Math.fround(stream.normal()));
    const { answers, gradients } = await trainedOnce(network, images, slopes);
    expect(relativeDifference(expected, Float64Array.from(answers))).toBeLessThan(ANSWERS);
    requireGradients({ network, images, slopes, every }, gradients);
    const frozen = graph.nodes.filter((node) => 'frozen' in node);
    const learned = frozen.filter(({ name }) => gradients.has(`${name}.weight`));
    expect(learned).toEqual([]);
  });
});

interface Problem {
  readonly network: Network;
  readonly images: ReferenceMaps;
  readonly slopes: Float64Array;
  readonly every: number;
}

/** Central differences of the float64 loss at some numbers of every parameter. */
function requireGradients({ network, images, slopes, every }: Problem, gradients: Weights): void {
  // So short that hardly any number crosses the bend of an activation on the way.
  const step = 1e-8;
  for (const [name, { data }] of [...gradients].filter((_, at) => at % every === 0)) {
    const largest = Math.max(...data.map(Math.abs));
    const middle = Math.floor(data.length / 2);
    for (const at of new Set(every === 1 ? [0, middle, data.length - 1] : [middle])) {
      const up = loss(moved(network, name, at, step), images, slopes);
      const down = loss(moved(network, name, at, -step), images, slopes);
      const slope = (up - down) / (2 * step);
      expect(
        Math.abs((data[at] ?? Number.NaN) - slope),
        `${name}[${at}] is ${data[at]}, expected ${slope}`,
      ).toBeLessThan(GRADIENTS * Math.max(largest, 1e-2));
    }
  }
}
