import { describe, expect, test } from 'vitest';
import type { Graph, Node } from '../../src/graph/graph.js';
import { activation, batchNorm, convolution, linear } from '../../src/models/nodes.js';
import {
  type ReferenceMaps,
  referenceAnswers,
  runReference,
  type Statistics,
} from '../../src/reference/network.js';
import { randomImages, randomNetwork, sampleGraph } from '../graph/sample.js';

const BEHIND = { top: 0, left: 0, bottom: 1, right: 1 };

/** A map of one image, channel after channel, row after row. */
function referenceMap(channels: readonly (readonly (readonly number[])[])[]): ReferenceMaps {
  return {
    images: 1,
    channels: channels.length,
    height: channels[0]!.length,
    width: channels[0]![0]!.length,
    data: Float64Array.from(channels.flat(2)),
  };
}

function answers(
  nodes: readonly Node[],
  images: ReferenceMaps,
  weights: Readonly<Record<string, readonly number[]>> = {},
  statistics?: Statistics,
): number[] {
  const graph: Graph = sampleGraph(nodes, images);
  const tensors = Object.entries(weights).map(
    ([name, data]) => [name, { shape: [data.length], data: Float32Array.from(data) }] as const,
  );
  return [...referenceAnswers({ graph, weights: new Map(tensors) }, images, statistics)];
}

/** [[1, 2, 3], [4, 5, 6], [7, 8, 9]] */
const NINE = referenceMap([
  [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ],
]);
const TWO = referenceMap([[[1, 2]], [[10, 20]]]);

describe('the float64 network, by hand', () => {
  test('convolves without turning the filter round, zeros outside', () => {
    const node = convolution('c', 'input', { outputs: 1, kernel: 2, padding: BEHIND });
    const weights = { 'c.weight': [1, 10, 100, 1000] };
    expect(answers([node], NINE, weights)).toEqual([5421, 6532, 603, 8754, 9865, 906, 87, 98, 9]);
    const strided = { ...node, stride: [2, 1] } as const;
    expect(answers([strided], NINE, weights)).toEqual([5421, 6532, 603, 87, 98, 9]);
  });

  test('keeps groups apart and adds a bias', () => {
    const node = convolution('c', 'input', { outputs: 4, kernel: 1, groups: 2, bias: true });
    const weights = { 'c.weight': [1, 2, 3, 4], 'c.bias': [0.5, 0, 0, -0.5] };
    expect(answers([node], TWO, weights)).toEqual([1.5, 2.5, 2, 4, 30, 60, 39.5, 79.5]);
  });

  test('pools: maxima of the map alone, means with or without the padding', () => {
    const pool = {
      name: 'p',
      inputs: ['input'],
      kernel: [2, 2],
      stride: [2, 2],
      padding: { ...BEHIND, top: 1, bottom: 0 },
      countPads: false,
    } as const;
    expect(
      answers([{ ...pool, kind: 'max-pool' }], { ...NINE, data: NINE.data.map((x) => -x) }),
    ).toEqual([-1, -3, -4, -6]);
    expect(answers([{ ...pool, kind: 'average-pool' }], NINE)).toEqual([1.5, 3, 6, 7.5]);
    expect(answers([{ ...pool, kind: 'average-pool', countPads: true }], NINE)).toEqual([
      0.75, 0.75, 6, 3.75,
    ]);
    expect(answers([{ kind: 'global-average-pool', name: 'g', inputs: ['input'] }], NINE)).toEqual([
      5,
    ]);
  });

  test('slices, pads channels, joins, adds, gates and flattens', () => {
    const shortcut: Node[] = [
      { kind: 'strided-slice', name: 's', inputs: ['input'], stride: [2, 2] },
      { kind: 'channel-pad', name: 'p', inputs: ['s'], before: 1, after: 1 },
    ];
    expect(answers(shortcut, NINE)).toEqual([0, 0, 0, 0, 1, 3, 7, 9, 0, 0, 0, 0]);
    const joined: Node[] = [
      { kind: 'add', name: 'twice', inputs: ['input', 'input'] },
      { kind: 'concatenation', name: 'all', inputs: ['twice', 'input'] },
      { kind: 'global-average-pool', name: 'mean', inputs: ['all'] },
      { kind: 'multiply', name: 'gated', inputs: ['all', 'mean'] },
      { kind: 'flatten', name: 'vector', inputs: ['gated'] },
    ];
    expect(answers(joined, TWO)).toEqual([6, 12, 600, 1200, 1.5, 3, 150, 300]);
  });

  test('multiplies vectors by a matrix, and applies activations', () => {
    const vector = referenceMap([[[2]], [[-3]]]);
    const nodes = [linear('fc', 'input', 2), activation('a', 'fc', 'relu6')];
    const weights = { 'fc.weight': [1, 2, 5, 1], 'fc.bias': [1, 0] };
    expect(answers(nodes, vector, weights)).toEqual([0, 6]);
    expect(answers([activation('a', 'input', 'hard-swish')], vector)).toEqual([10 / 6, -0]);
  });

  test('normalises by running statistics, or by those of the images', () => {
    const node = batchNorm('n', 'input', 0);
    const weights = {
      'n.weight': [2, 3],
      'n.bias': [1, 0],
      'n.running_mean': [1, 0],
      'n.running_var': [4, 100],
    };
    expect(answers([node], TWO, weights)).toEqual([1, 2, 3, 6]);
    expect(answers([node], TWO, weights, 'images')).toEqual([-1, 3, -3, 3]);
  });
});

test('statistics of the images leave each channel of a batch norm with mean bias and deviation weight', () => {
  const network = randomNetwork(sampleGraph([batchNorm('n', 'input', 0), activation('a', 'n')]));
  const { channels, height, width, data } = runReference(
    network,
    randomImages(network.graph, 3),
    'images',
  ).get('n')!;
  for (let channel = 0; channel < channels; channel++) {
    const values = [0, 1, 2].flatMap((image) => {
      const start = (image * channels + channel) * height * width;
      return [...data.subarray(start, start + height * width)];
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(network.weights.get('n.bias')!.data[channel]!, 12);
    expect(Math.sqrt(variance)).toBeCloseTo(
      Math.abs(network.weights.get('n.weight')!.data[channel]!),
      12,
    );
  }
});
