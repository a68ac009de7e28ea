import { afterAll, beforeAll, expect, test } from 'vitest';
import { PREPROCESSINGS } from '../../../src/data/pictures.js';
import type { PruneInput } from '../../../src/experiment/model/prune/events.js';
import { measureLatency } from '../../../src/experiment/model/prune/latency.js';
import { pruneNetwork } from '../../../src/experiment/model/prune/prune.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { cutGraph } from '../../../src/graph/cut.js';
import type { Graph } from '../../../src/graph/graph.js';
import { inferShapes } from '../../../src/graph/shapes.js';
import { findUnits } from '../../../src/graph/units.js';
import { activation, convolution, linear } from '../../../src/models/nodes.js';
import { freshDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';
import { randomPictures } from './random-pictures.js';

const tuning = new Map<string, string>();
let device: Device;
beforeAll(async () => {
  device = await freshDevice({ tuning });
});
afterAll(() => device?.dispose());

/** A chain, whose second convolution both units go into, and three units that are joined. */
const graph = sampleGraph([
  convolution('c1', 'input', { outputs: 5, kernel: 3, padding: 1 }),
  activation('a1', 'c1'),
  convolution('c2', 'a1', { outputs: 3, kernel: 3, stride: 2, padding: 1 }),
  convolution('c3', 'a1', { outputs: 2, kernel: 1, stride: 2 }),
  convolution('c4', 'a1', { outputs: 2, kernel: 1, stride: 2 }),
  { kind: 'concatenation', name: 'joined', inputs: ['c2', 'c3', 'c4'] },
  { kind: 'global-average-pool', name: 'mean', inputs: ['joined'] },
  linear('fc', 'mean', 4),
]);
const { units } = findUnits(graph);
const whole = units.map(({ channels }) => channels);

const timesKept = () => [...tuning].filter(([key]) => key.includes('milliseconds'));

/** Product of the channels of all maps of a layer, as its key in the tuning tells them. */
function channelProduct(key: string): number {
  const sizes = [...key.matchAll(/(\d+) × \d+ × \d+/g)].map(([, channels]) => Number(channels));
  return sizes.reduce((product, channels) => product * channels, 1);
}

/** The same of what a cut leaves, added up over its convolutions. */
function convolutionProducts(kept: readonly number[]): number {
  const cuts = units.map((unit, at) => ({
    unit,
    kept: Array.from({ length: kept[at] as number }, (_, channel) => channel),
  }));
  const cut: Graph = cutGraph(graph, cuts).graph;
  const shapes = inferShapes(cut);
  const channels = (name: string) => shapes.get(name)?.channels ?? Number.NaN;
  return cut.nodes
    .filter(({ kind }) => kind === 'convolution')
    .reduce((sum, { name, inputs }) => sum + channels(name) * channels(inputs[0] ?? ''), 0);
}

test('layers are timed once on an adapter, and what lies between the sizes is interpolated', async () => {
  const before = device.liveBytes;
  expect(units.map(({ name, channels }) => [name, channels])).toEqual([
    ['c1', 5],
    ['c2', 3],
    ['c3', 2],
    ['c4', 2],
  ]);
  const cost = await finalResult(measureLatency(device, { graph, units }));
  expect(cost(whole)).toBeGreaterThan(0);
  expect(device.liveBytes).toBe(before);
  const keys = timesKept().map(([key]) => key);
  expect(keys.every((key) => key.startsWith(device.adapter.name))).toBe(true);
  // Times that are linear in the channels of each map: between the levels they are exact.
  for (const key of keys) {
    const layer = key.includes('"convolution"') && !key.includes('1 × 1 × 1');
    tuning.set(key, String(layer ? channelProduct(key) : 1e-9));
  }
  const known = await finalResult(measureLatency(device, { graph, units }));
  expect(timesKept().map(([key]) => key)).toEqual(keys);
  for (const kept of [whole, [1, 1, 1, 1], [2, 2, 1, 2], [4, 3, 2, 1], [2, 1, 2, 1]]) {
    expect(known(kept)).toBeCloseTo(convolutionProducts(kept), 5);
  }
});

test('a network is cut to a share of its milliseconds, or it is said what can be met', async () => {
  const input: PruneInput = {
    network: randomNetwork(graph),
    calibration: randomPictures(9),
    preprocessing: PREPROCESSINGS.cifar10,
    options: {
      criterion: 'l1',
      refit: 'none',
      sharing: 'uniform',
      units: 'inner',
      budget: { of: 'milliseconds', share: 0.5 },
      roundTo: 1,
      least: 1,
      seed: 0,
    },
  };
  const { units: cut, budget } = await finalResult(pruneNetwork(device, input));
  const left = convolutionProducts(cut.map(({ kept }) => kept.length)) / convolutionProducts(whole);
  expect(left).toBeLessThanOrEqual(0.5);
  expect(left).toBeGreaterThan(0.3);
  expect(budget).toMatchObject({ of: 'milliseconds', asked: 0.5 });
  expect(budget.reached).toBeCloseTo(left, 5);
  // An adapter on which channels make no difference.
  for (const [key] of timesKept()) tuning.set(key, '1');
  await expect(finalResult(pruneNetwork(device, input))).rejects.toThrow(
    /A budget of 0.500 cannot be met: .* 1.00 is left/,
  );
});
