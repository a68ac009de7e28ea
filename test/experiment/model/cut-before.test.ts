import { afterAll, beforeAll, expect, test } from 'vitest';
import { PREPROCESSINGS } from '../../../src/data/pictures.js';
import type { PruneOptions } from '../../../src/experiment/model/prune/events.js';
import { cutAsPlanned } from '../../../src/experiment/model/prune/prune.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import type { Network } from '../../../src/graph/weights.js';
import { activation, batchNorm, convolution, linear } from '../../../src/models/nodes.js';
import { evaluatePictures } from '../../../src/train/evaluation.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNetwork, relativeDifference, sampleGraph } from '../../graph/sample.js';
import { randomPictures } from './random-pictures.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const preprocessing = PREPROCESSINGS.cifar10;
const options: PruneOptions = {
  criterion: 'group',
  refit: 'weights',
  sharing: 'uniform',
  units: 'all',
  budget: { of: 'multiplyAdds', share: 0.5 },
  roundTo: 1,
  least: 1,
  seed: 0,
};

test('what reads a unit is held against the channels of its answer that cuts before have left', async () => {
  const graph = sampleGraph([
    convolution('c', 'input', { outputs: 6, kernel: 3, padding: 1 }),
    batchNorm('c.n', 'c'),
    activation('c.a', 'c.n'),
    convolution('a', 'c.a', { outputs: 5, kernel: 3, padding: 1 }),
    batchNorm('a.n', 'a'),
    activation('a.a', 'a.n', 'hard-swish'),
    { kind: 'global-average-pool', name: 'mean', inputs: ['a.a'] },
    convolution('squeeze', 'mean', { outputs: 4, kernel: 1, bias: true }),
    activation('squeeze.a', 'squeeze', 'hard-swish'),
    convolution('excite', 'squeeze.a', { outputs: 5, kernel: 1, bias: true }),
    activation('gate', 'excite', 'hard-sigmoid'),
    { kind: 'multiply', name: 'gated', inputs: ['a.a', 'gate'] },
    convolution('b', 'gated', { outputs: 6, kernel: 3, padding: 1 }),
    batchNorm('b.n', 'b'),
    { kind: 'add', name: 'sum', inputs: ['b.n', 'c.a'] },
    activation('sum.a', 'sum'),
    { kind: 'global-average-pool', name: 'pool', inputs: ['sum.a'] },
    linear('fc', 'pool', 4),
  ]);
  // Channels that are zero wherever they are: cut to the others, the network answers as before.
  const weights = new Map(randomNetwork(graph).weights);
  const silence = (name: string, channels: readonly number[]) => {
    const weight = weights.get(name) as NonNullable<ReturnType<typeof weights.get>>;
    const size = weight.data.length / (weight.shape[0] as number);
    const data = Float32Array.from(weight.data);
    for (const channel of channels) data.fill(0, channel * size, (channel + 1) * size);
    weights.set(name, { ...weight, data });
  };
  for (const name of ['c.n', 'b.n']) {
    for (const part of ['weight', 'bias']) silence(`${name}.${part}`, [1, 4]);
  }
  for (const part of ['weight', 'bias']) {
    silence(`a.n.${part}`, [0, 3]);
    silence(`squeeze.${part}`, [2]);
  }
  const network = { graph, weights };
  const plan = { reached: 0.5, divergence: 0 };
  const units = [
    { unit: 'c', channels: 6, kept: 4 },
    { unit: 'a', channels: 5, kept: 3 },
    { unit: 'squeeze', channels: 4, kept: 3 },
  ];
  const pictures = randomPictures(40);
  const cut = await finalResult(
    cutAsPlanned(
      device,
      {
        network,
        calibration: pictures,
        preprocessing,
        options,
      },
      { plan: { ...plan, units } },
    ),
  );
  expect(cut.units.map(({ unit, kept }) => [unit, [...kept]])).toEqual([
    ['c', [0, 2, 3, 5]],
    ['a', [1, 2, 4]],
    ['squeeze', [0, 1, 3]],
  ]);
  const answer = async (own: Network) => {
    const evaluation = evaluatePictures(device, own, pictures, { preprocessing, answers: true });
    return (await finalResult(evaluation)).answers ?? new Float32Array();
  };
  const [dense, pruned] = [await answer(network), await answer(cut.network)];
  expect(relativeDifference(Float64Array.from(dense), Float64Array.from(pruned))).toBeLessThan(
    1e-3,
  );
});
