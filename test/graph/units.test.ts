import { describe, expect, test } from 'vitest';
import { costOfKept } from '../../src/graph/cost.js';
import { cutGraph } from '../../src/graph/cut.js';
import type { Node } from '../../src/graph/graph.js';
import { findUnits, type Unit, uncuttableText } from '../../src/graph/units.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { activation, batchNorm, convolution, linear } from '../../src/models/nodes.js';
import { sampleGraph } from './sample.js';

const POOLED: readonly Node[] = [
  { kind: 'global-average-pool', name: 'pool', inputs: ['last'] },
  linear('fc', 'pool', 4),
];

function unitNamed(units: readonly Unit[], name: string): Unit {
  const unit = units.find((own) => own.name === name);
  if (unit === undefined) throw new Error(`no unit ${name} among ${units.map((own) => own.name)}`);
  return unit;
}

function placesIn(unit: Unit, node: string): readonly (readonly number[])[] | undefined {
  return unit.maps.find((map) => map.node === node)?.places;
}

describe('units of a ResNet with padded shortcuts', () => {
  const { units, uncuttable } = findUnits(buildArchitecture('resnet20'));

  test('are the inner channels of each block, and three kinds of stream channels', () => {
    const told = units.map(({ name, kind, channels }) => [name, kind, channels]);
    expect(told.filter(([, kind]) => kind === 'inner')).toEqual(
      [16, 32, 64].flatMap((channels, stage) =>
        [0, 1, 2].map((block) => [`layer${stage + 1}.${block}.conv1`, 'inner', channels]),
      ),
    );
    expect(told.filter(([, kind]) => kind === 'stream')).toEqual([
      ['conv1', 'stream', 16],
      ['layer2.0.conv2', 'stream', 16],
      ['layer3.0.conv2', 'stream', 32],
    ]);
  });

  test('an inner unit: filter, batch norm and activation, read by the second convolution', () => {
    expect(unitNamed(units, 'layer2.1.conv1')).toMatchObject({
      maps: ['conv1', 'bn1', 'relu1'].map((part) => ({
        node: `layer2.1.${part}`,
        places: Array.from({ length: 32 }, (_, c) => [c]),
      })),
      writers: ['layer2.1.conv1'],
      consumers: [{ node: 'layer2.1.conv2', input: 'layer2.1.relu1', rows: 9 }],
    });
  });

  test('the first stream goes through the padded shortcuts into a range of the next stages', () => {
    const unit = unitNamed(units, 'conv1');
    expect(placesIn(unit, 'layer1.2.relu2')?.[3]).toEqual([3]);
    expect(placesIn(unit, 'layer2.0.shortcut')?.[3]).toEqual([8 + 3]);
    expect(placesIn(unit, 'layer3.2.relu2')?.[3]).toEqual([16 + 8 + 3]);
    expect(unit.writers).toEqual([
      'conv1',
      ...[1, 2, 3].flatMap((stage) => [0, 1, 2].map((block) => `layer${stage}.${block}.conv2`)),
    ]);
    expect(unit.consumers.map(({ node, rows }) => [node, rows])).toEqual([
      ...[1, 2, 3].flatMap((stage) =>
        [0, 1, 2].map((block) => [`layer${stage}.${block}.conv1`, 9]),
      ),
      ['linear', 1],
    ]);
  });

  test('a stream of padded channels is those on both sides of the range', () => {
    const unit = unitNamed(units, 'layer2.0.conv2');
    const channels = placesIn(unit, 'layer2.0.add')?.flat();
    expect(channels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]);
  });

  test('the answers stay', () => {
    expect(uncuttable).toEqual([{ node: 'linear', channels: 10, reason: 'answers' }]);
    expect(uncuttable.map(uncuttableText)).toEqual([
      "linear: 10 channels of the network's answers",
    ]);
  });
});

test('a stream with projections couples all that write and read it in its stage alone', () => {
  const { units } = findUnits(buildArchitecture('resnet18'));
  const unit = unitNamed(units, 'layer2.0.conv2');
  expect([unit.kind, unit.channels]).toEqual(['stream', 128]);
  expect(unit.writers).toEqual(['layer2.0.conv2', 'layer2.0.downsample.0', 'layer2.1.conv2']);
  expect(unit.consumers.map(({ node, rows }) => [node, rows])).toEqual([
    ['layer2.1.conv1', 9],
    ['layer3.0.conv1', 9],
    ['layer3.0.downsample.0', 1],
  ]);
});

test('an inverted residual: expansion and depthwise filter, read by the projection', () => {
  const { units } = findUnits(buildArchitecture('mobilenet-v2'));
  const unit = unitNamed(units, 'features.5.conv.0.0');
  expect([unit.kind, unit.channels]).toEqual(['inner', 192]);
  expect(unit.maps.map(({ node }) => node)).toEqual(
    ['0.0', '0.1', '0.2', '1.0', '1.1', '1.2'].map((part) => `features.5.conv.${part}`),
  );
  expect(unit.writers).toEqual(['features.5.conv.0.0']);
  expect(unit.consumers).toEqual([
    { node: 'features.5.conv.2', input: 'features.5.conv.1.2', rows: 1 },
  ]);
  expect(unitNamed(units, 'features.0.0').consumers[0]?.node).toBe('features.1.conv.1');
});

test('a flattening gives a channel a column for each position', () => {
  const input = { channels: 3, height: 64, width: 96 };
  const { units } = findUnits(buildArchitecture('vgg16', { input }));
  const unit = unitNamed(units, 'features.40');
  expect(unit.consumers).toEqual([{ node: 'classifier', input: 'flatten', rows: 6 }]);
  expect(placesIn(unit, 'flatten')?.[2]).toEqual([12, 13, 14, 15, 16, 17]);
});

test('a concatenation gives each part its offset, and both their consumers', () => {
  const graph = sampleGraph([
    convolution('a', 'input', { outputs: 2, kernel: 1 }),
    convolution('b', 'a', { outputs: 3, kernel: 1 }),
    { kind: 'concatenation', name: 'last', inputs: ['b', 'a'] },
    ...POOLED,
  ]);
  const { units } = findUnits(graph);
  expect(units.map(({ name, kind }) => [name, kind])).toEqual([
    ['a', 'inner'],
    ['b', 'inner'],
  ]);
  expect(placesIn(units[0]!, 'last')).toEqual([[3], [4]]);
  expect(units[0]!.consumers.map(({ node }) => node)).toEqual(['b', 'fc']);
});

test('a filter whose channels go two ways writes two units of different names', () => {
  const graph = sampleGraph([
    convolution('c', 'input', { outputs: 5, kernel: 1 }),
    convolution('a', 'input', { outputs: 2, kernel: 1 }),
    convolution('b', 'input', { outputs: 3, kernel: 1 }),
    { kind: 'concatenation', name: 'both', inputs: ['a', 'b'] },
    { kind: 'add', name: 'last', inputs: ['c', 'both'] },
    ...POOLED,
  ]);
  const { units } = findUnits(graph);
  expect(units.map(({ name, writers }) => [name, writers])).toEqual([
    ['c', ['c', 'a']],
    ['c (2)', ['c', 'b']],
  ]);
  expect(placesIn(units[1]!, 'c')).toEqual([[2], [3], [4]]);
  const cut = cutGraph(graph, [{ unit: units[0]!, kept: [1] }]);
  expect(findUnits(cut.graph).units.map(({ name }) => name)).toEqual(['c (2)']);
});

test('groups lose the same channel each, gates and what makes them the channels they gate', () => {
  const graph = sampleGraph([
    convolution('wide', 'input', { outputs: 6, kernel: 1 }),
    convolution('grouped', 'wide', { outputs: 12, kernel: 3, groups: 3 }),
    { kind: 'global-average-pool', name: 'mean', inputs: ['grouped'] },
    linear('squeeze', 'mean', 5),
    activation('relu', 'squeeze'),
    linear('excite', 'relu', 12),
    activation('gate', 'excite', 'sigmoid'),
    { kind: 'multiply', name: 'last', inputs: ['grouped', 'gate'] },
    ...POOLED,
  ]);
  const { units } = findUnits(graph);
  expect(units.map(({ name, channels, writers }) => [name, channels, writers])).toEqual([
    ['wide', 2, ['wide']],
    ['grouped', 4, ['grouped', 'excite']],
    ['squeeze', 5, ['squeeze']],
  ]);
  expect(placesIn(units[0]!, 'wide')).toEqual([
    [0, 2, 4],
    [1, 3, 5],
  ]);
  // A group reads one of the three that go together, and each has two left.
  expect(units[0]).toMatchObject({ consumers: [{ node: 'grouped', rows: 9 }], least: 2 });
  expect(units[1]!.consumers.map(({ node, rows }) => [node, rows])).toEqual([
    ['squeeze', 3],
    ['fc', 3],
  ]);
  expect(units[1]).not.toHaveProperty('least');
});

test('what cannot be removed says why, node by node', () => {
  const graph = sampleGraph([
    convolution('one', 'input', { outputs: 1, kernel: 1 }),
    convolution('back', 'one', { outputs: 3, kernel: 1 }),
    { kind: 'add', name: 'sum', inputs: ['back', 'input'] },
    convolution('depthwise', 'sum', { outputs: 3, kernel: 3, groups: 3 }),
    batchNorm('last', 'depthwise'),
    ...POOLED,
  ]);
  const { units, uncuttable } = findUnits(graph);
  expect(units).toEqual([]);
  expect(uncuttable.map(uncuttableText)).toEqual([
    'one: 1 channel without another like it',
    'back: 3 channels tied to those of the images',
    "fc: 4 channels of the network's answers",
  ]);
});

test('a channel costs what its filter, its batch norm and its consumer take', () => {
  const graph = buildArchitecture('resnet20');
  const { units } = findUnits(graph);
  const cost = costOfKept(graph, units);
  const whole = units.map(({ channels }) => channels);
  const at = units.indexOf(unitNamed(units, 'layer1.1.conv1'));
  const less = cost(whole.with(at, 15));
  expect(cost(whole).multiplyAdds - less.multiplyAdds).toBe(2 * 144 * 32 * 32);
  expect(cost(whole).parameters - less.parameters).toBe(2 * 144 + 2);
  // All that a block multiplies goes with its inner channels; the first convolution and the last layer stay.
  const bare = cost(units.map(({ kind, channels }) => (kind === 'inner' ? 0 : channels)));
  expect(bare.multiplyAdds).toBe(1024 * 16 * 27 + 640);
});
