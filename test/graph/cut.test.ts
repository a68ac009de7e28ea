import { describe, expect, test } from 'vitest';
import { costOfKept } from '../../src/graph/cost.js';
import { cutGraph, cutNetwork, type UnitCut } from '../../src/graph/cut.js';
import { findMisfits } from '../../src/graph/fit.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import type { Graph, Node } from '../../src/graph/graph.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { summarise } from '../../src/graph/summary.js';
import { findUnits } from '../../src/graph/units.js';
import type { Network } from '../../src/graph/weights.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { activation, batchNorm, convolution, linear, maxPool } from '../../src/models/nodes.js';
import { distinctDraws, randomStream } from '../../src/random.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { randomImages, randomNetwork, sampleGraph } from './sample.js';

const SMALL = { channels: 3, height: 8, width: 8 };

/** Odd channel counts, and between them each way in which nodes couple channels. */
const GRAPHS: Readonly<Record<string, Graph>> = {
  'resnet8, 5 channels': buildArchitecture('resnet8', { width: 5 / 16, input: SMALL, classes: 3 }),
  'resnet20, 3 channels': buildArchitecture('resnet20', {
    width: 3 / 16,
    input: SMALL,
    classes: 3,
  }),
  'resnet18, 5 channels': buildArchitecture('resnet18', {
    width: 5 / 64,
    input: SMALL,
    classes: 3,
  }),
  'padded shortcuts, odd on both sides': sampleGraph(paddedNodes()),
  'inverted residuals': sampleGraph(invertedNodes()),
  'a chain with a flattening': sampleGraph([
    convolution('c1', 'input', { outputs: 7, kernel: 3, padding: 1, bias: true }),
    batchNorm('n1', 'c1'),
    activation('a1', 'n1'),
    maxPool('p1', 'a1', { kernel: 2, stride: 2 }),
    convolution('c2', 'p1', { outputs: 5, kernel: 3, bias: true }),
    activation('a2', 'c2', 'hard-swish'),
    { kind: 'flatten', name: 'f', inputs: ['a2'] },
    linear('fc1', 'f', 11),
    batchNorm('n3', 'fc1'),
    activation('a3', 'n3'),
    linear('fc2', 'a3', 3),
  ]),
  'dense connections': sampleGraph(denseNodes()),
  'groups and gates': sampleGraph(gatedNodes()),
};

function paddedNodes(): readonly Node[] {
  return [
    convolution('c0', 'input', { outputs: 3, kernel: 3, padding: 1 }),
    batchNorm('n0', 'c0'),
    convolution('c1', 'n0', { outputs: 7, kernel: 3, stride: 2, padding: 1 }),
    { kind: 'strided-slice', name: 's1', inputs: ['n0'], stride: [2, 2] },
    { kind: 'channel-pad', name: 'p1', inputs: ['s1'], before: 1, after: 3 },
    { kind: 'add', name: 'sum1', inputs: ['c1', 'p1'] },
    activation('a1', 'sum1'),
    convolution('c2', 'a1', { outputs: 12, kernel: 1 }),
    { kind: 'channel-pad', name: 'p2', inputs: ['a1'], before: 5, after: 0 },
    { kind: 'add', name: 'sum2', inputs: ['p2', 'c2'] },
    { kind: 'global-average-pool', name: 'mean', inputs: ['sum2'] },
    linear('fc', 'mean', 3),
  ];
}

function invertedNodes(): readonly Node[] {
  return [
    convolution('stem', 'input', { outputs: 5, kernel: 3, stride: 2, padding: 1 }),
    batchNorm('stem-norm', 'stem'),
    convolution('expand', 'stem-norm', { outputs: 13, kernel: 1 }),
    activation('a1', 'expand', 'relu6'),
    convolution('depthwise', 'a1', { outputs: 13, kernel: 3, padding: 1, groups: 13, bias: true }),
    batchNorm('depthwise-norm', 'depthwise'),
    convolution('project', 'depthwise-norm', { outputs: 5, kernel: 1 }),
    { kind: 'add', name: 'sum', inputs: ['project', 'stem-norm'] },
    // Two filters a channel.
    convolution('twofold', 'sum', { outputs: 10, kernel: 3, groups: 5 }),
    { kind: 'flatten', name: 'vector', inputs: ['twofold'] },
    linear('fc', 'vector', 3),
  ];
}

function denseNodes(): readonly Node[] {
  return [
    convolution('c1', 'input', { outputs: 4, kernel: 3, padding: 1 }),
    convolution('c2', 'c1', { outputs: 3, kernel: 3, padding: 1 }),
    { kind: 'concatenation', name: 'j1', inputs: ['c1', 'c2'] },
    batchNorm('n1', 'j1'),
    activation('a1', 'n1'),
    convolution('c3', 'a1', { outputs: 5, kernel: 3, padding: 1 }),
    { kind: 'concatenation', name: 'j2', inputs: ['c3', 'j1', 'c2'] },
    { ...maxPool('p', 'j2', { kernel: 2, stride: 2 }), kind: 'average-pool' },
    convolution('c4', 'p', { outputs: 15, kernel: 1 }),
    { kind: 'add', name: 'sum', inputs: ['c4', 'p'] },
    { kind: 'global-average-pool', name: 'mean', inputs: ['sum'] },
    linear('fc', 'mean', 3),
  ];
}

function gatedNodes(): readonly Node[] {
  return [
    convolution('wide', 'input', { outputs: 9, kernel: 1 }),
    convolution('grouped', 'wide', { outputs: 15, kernel: 3, groups: 3 }),
    batchNorm('n', 'grouped'),
    { kind: 'global-average-pool', name: 'mean', inputs: ['n'] },
    linear('squeeze', 'mean', 5),
    activation('relu', 'squeeze'),
    linear('excite', 'relu', 15),
    activation('gate', 'excite', 'hard-sigmoid'),
    { kind: 'multiply', name: 'gated', inputs: ['n', 'gate'] },
    convolution('narrow', 'gated', { outputs: 6, kernel: 3, groups: 3 }),
    { kind: 'flatten', name: 'vector', inputs: ['narrow'] },
    linear('fc', 'vector', 3),
  ];
}

/** Some channels of every unit, at least one. */
function randomCuts(graph: Graph, seed: number): UnitCut[] {
  const stream = randomStream(seed, 'cuts');
  return findUnits(graph).units.map((unit) => {
    const size = 1 + stream.below(unit.channels);
    return { unit, kept: [...distinctDraws(stream, unit.channels)(size)] };
  });
}

/** The network with zeros wherever a consumer reads a channel that a cut removes. */
function unread(network: Network, cuts: readonly UnitCut[]): Network {
  const weights = new Map(
    [...network.weights].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
  const shapes = inferShapes(network.graph);
  for (const { unit, kept } of cuts) {
    for (const { node, input } of unit.consumers) {
      const reader = network.graph.nodes.find(({ name }) => name === node)!;
      if (reader.kind !== 'convolution' && reader.kind !== 'linear') throw new Error(node);
      const groups = reader.kind === 'convolution' ? reader.groups : 1;
      const size = shapes.get(input)!.channels / groups;
      const { shape, data } = weights.get(reader.weight)!;
      const taps = shape.slice(2).reduce((product, extent) => product * extent, 1);
      const { places } = unit.maps.find((map) => map.node === input)!;
      for (const c of places.filter((_, channel) => !kept.includes(channel)).flat()) {
        const outputs = reader.outputs / groups;
        for (let o = 0; o < outputs; o++) {
          const row = Math.floor(c / size) * outputs + o;
          const start = (row * size + (c % size)) * taps;
          data.fill(0, start, start + taps);
        }
      }
    }
  }
  return { ...network, weights };
}

describe.each(Object.entries(GRAPHS))('%s', (_, graph) => {
  test.each([1, 2, 3])('channels that nothing reads can go, draw %i', (seed) => {
    const network = randomNetwork(graph, seed);
    const cuts = randomCuts(graph, seed);
    const cut = cutNetwork(network, cuts);
    expect(findMisfits(cut.graph, cut.weights)).toEqual([]);
    for (const { data, shape } of cut.weights.values()) {
      expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    }
    const images = randomImages(graph, 2);
    const expected = referenceAnswers(unread(network, cuts), images);
    expect(referenceAnswers(cut, images)).toEqual(expected);
    expect(expected.every(Number.isFinite)).toBe(true);
  });

  test('the cost of so many channels kept is that of the network that is left', () => {
    const { units } = findUnits(graph);
    const cost = costOfKept(graph, units);
    for (const seed of [6, 7]) {
      const cuts = randomCuts(graph, seed);
      const { multiplyAdds, parameters } = summarise(cutGraph(graph, cuts).graph);
      expect(cost(cuts.map(({ kept }) => kept.length))).toEqual({ multiplyAdds, parameters });
    }
  });

  test('nothing that stays makes no other network, and cutting twice is cutting once', () => {
    const network = randomNetwork(graph);
    const { units } = findUnits(graph);
    const all = units.map((unit) => ({
      unit,
      kept: Array.from({ length: unit.channels }, (_, c) => c),
    }));
    expect(cutNetwork(network, all)).toEqual(network);
    expect(cutGraph(graph, all).slices.size).toBe(0);
    const cuts = randomCuts(graph, 4);
    const oneByOne = cuts.reduce((smaller, { unit, kept }) => {
      const own = findUnits(smaller.graph).units.find(({ name }) => name === unit.name)!;
      return cutNetwork(smaller, [{ unit: own, kept }]);
    }, network);
    expect(oneByOne).toEqual(cutNetwork(network, cuts));
  });

  test('folding before or after a cut gives the same network', () => {
    const network = randomNetwork(graph);
    const cuts = randomCuts(graph, 5);
    const folded = foldBatchNorms(network);
    const names = new Map(findUnits(folded.graph).units.map((unit) => [unit.name, unit]));
    const foldedCuts = cuts.map(({ unit, kept }) => ({ unit: names.get(unit.name)!, kept }));
    expect(cutNetwork(folded, foldedCuts)).toEqual(foldBatchNorms(cutNetwork(network, cuts)));
  });
});

describe('a cut by hand', () => {
  const network = randomNetwork(
    sampleGraph([
      convolution('c1', 'input', { outputs: 4, kernel: 1, bias: true }),
      batchNorm('n1', 'c1'),
      convolution('c2', 'n1', { outputs: 2, kernel: 3 }),
      { kind: 'global-average-pool', name: 'mean', inputs: ['c2'] },
    ]),
  );
  const [unit] = findUnits(network.graph).units;
  const whole = (name: string) => [...network.weights.get(name)!.data];

  test('keeps the rows of what writes and the columns of what reads, in the order of the network', () => {
    const { weights, graph } = cutNetwork(network, [{ unit: unit!, kept: [3, 1] }]);
    const part = (name: string) => [...weights.get(name)!.data];
    expect(weights.get('c1.weight')?.shape).toEqual([2, 3, 1, 1]);
    expect(part('c1.weight')).toEqual([
      ...whole('c1.weight').slice(3, 6),
      ...whole('c1.weight').slice(9, 12),
    ]);
    for (const name of ['c1.bias', 'n1.weight', 'n1.bias', 'n1.running_mean', 'n1.running_var']) {
      expect(part(name)).toEqual([whole(name)[1], whole(name)[3]]);
    }
    const read = [1, 3, 5, 7].flatMap((filter) =>
      whole('c2.weight').slice(9 * filter, 9 * filter + 9),
    );
    expect(part('c2.weight')).toEqual(read);
    expect(graph.nodes[0]).toMatchObject({ outputs: 2, groups: 1 });
    expect(network.weights.get('c1.bias')?.data).toHaveLength(4);
  });

  test.each<[string, readonly UnitCut[], RegExp]>([
    ['no channel', [{ unit: unit!, kept: [] }], /Unit "c1" must keep one channel at least/],
    ['a channel twice', [{ unit: unit!, kept: [1, 1] }], /is to keep a channel twice/],
    ['an unknown channel', [{ unit: unit!, kept: [4] }], /has the channels 0 to 3, no 4 to keep/],
    [
      'a unit twice',
      [
        { unit: unit!, kept: [0] },
        { unit: unit!, kept: [1] },
      ],
      /is cut twice/,
    ],
    [
      'a unit of another graph',
      [{ unit: findUnits(buildArchitecture('resnet20')).units[0]!, kept: [0] }],
      /Unit "conv1" is not of this graph, whose "conv1" has no such channels/,
    ],
  ])('refuses to keep %s', (_, cuts, message) => {
    expect(() => cutNetwork(network, cuts)).toThrow(message);
    expect(() => cutNetwork(network, cuts)).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });
});

test('the published layout takes 39.1 % of the multiply-adds of ResNet-34 for CIFAR and 19.6 % of its parameters', () => {
  const graph = buildArchitecture('resnet34');
  const cuts = findUnits(graph)
    .units.filter(({ name, kind }) => kind === 'inner' && /^layer[123]\.[1-9]/.test(name))
    .map((unit) => {
      const size = unit.channels - Math.round(0.6 * unit.channels);
      return { unit, kept: Array.from({ length: size }, (_, c) => c) };
    });
  expect(cuts).toHaveLength(2 + 3 + 5);
  const [dense, pruned] = [summarise(graph), summarise(cutGraph(graph, cuts).graph)];
  expect(1 - pruned.multiplyAdds / dense.multiplyAdds).toBeCloseTo(0.391, 3);
  expect(1 - pruned.parameters / dense.parameters).toBeCloseTo(0.196, 3);
});
