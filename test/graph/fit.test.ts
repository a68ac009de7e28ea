import { describe, expect, test } from 'vitest';
import { findMisfits, fitWeights } from '../../src/graph/fit.js';
import { listParameters } from '../../src/graph/parameters.js';
import { batchNorm, convolution, linear } from '../../src/models/nodes.js';
import { randomNetwork, sampleGraph } from './sample.js';

const GRAPH = sampleGraph([
  convolution('conv', 'input', { outputs: 4, kernel: 3 }),
  batchNorm('bn', 'conv'),
  { kind: 'global-average-pool', name: 'pool', inputs: ['bn'] },
  linear('fc', 'pool', 2),
]);
const { weights } = randomNetwork(GRAPH);
const counter = { shape: [], data: Float32Array.of(391) };

function without(...names: readonly string[]) {
  return new Map([...weights].filter(([name]) => !names.includes(name)));
}

describe('weights of a graph', () => {
  test('are taken in its order, with the counters beside them kept apart', () => {
    const tensors = new Map([...weights].reverse());
    const { network, others } = fitWeights(
      GRAPH,
      new Map([['bn.num_batches_tracked', counter], ...tensors, ['total_ops', counter]]),
    );
    expect(network).toEqual({ graph: GRAPH, weights });
    expect([...network.weights.keys()]).toEqual(listParameters(GRAPH).map(({ name }) => name));
    expect([...others.keys()]).toEqual(['bn.num_batches_tracked', 'total_ops']);
    expect(others.get('total_ops')).toBe(counter);
  });

  test('that do not fit are named with what was expected and found', () => {
    const tensors = without('bn.running_var')
      .set('conv.weight', { shape: [4, 3, 5, 5], data: new Float32Array(300) })
      .set('fc2.weight', { shape: [2], data: new Float32Array(2) });
    expect(findMisfits(GRAPH, tensors)).toEqual([
      { problem: 'shape', name: 'conv.weight', expected: [4, 3, 3, 3], found: [4, 3, 5, 5] },
      { problem: 'missing', name: 'bn.running_var', expected: [4] },
      { problem: 'extra', name: 'fc2.weight', found: [2] },
    ]);
    expect(() => fitWeights(GRAPH, tensors)).toThrow(
      'The weights are not those of sample: conv.weight should be [4, 3, 3, 3], not [4, 3, 5, 5]; bn.running_var [4] is missing; "fc2.weight" [2] belongs to no node.',
    );
    expect(() => fitWeights(GRAPH, tensors)).toThrow(
      expect.objectContaining({ code: 'bad-network' }),
    );
  });

  test('a long list of what is wrong is cut', () => {
    expect(() => fitWeights(GRAPH, new Map())).toThrow(
      /bn\.running_mean \[4\] is missing; 3 more\./,
    );
  });
});

test('two nodes with one parameter are refused', () => {
  const shared = sampleGraph([
    convolution('a', 'input', { outputs: 3, kernel: 1 }),
    { ...convolution('b', 'a', { outputs: 3, kernel: 1 }), weight: 'a.weight' },
  ]);
  expect(() => listParameters(shared)).toThrow(
    'Node "b" (convolution) has the parameter "a.weight", as "a" has',
  );
});
