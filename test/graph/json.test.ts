import { describe, expect, test } from 'vitest';
import type { Graph, Node } from '../../src/graph/graph.js';
import { parseGraph } from '../../src/graph/json.js';
import { activation, batchNorm, convolution, linear, maxPool } from '../../src/models/nodes.js';
import { sampleGraph } from './sample.js';

/** A graph with every kind of node. */
const GRAPH = sampleGraph([
  convolution('conv', 'input', { outputs: 4, kernel: 3, padding: 1, bias: true }),
  batchNorm('bn', 'conv'),
  activation('swish', 'bn', 'hard-swish'),
  { kind: 'add', name: 'sum', inputs: ['swish', 'bn'] },
  maxPool('max', 'sum', { kernel: 3, stride: 2, padding: 1 }),
  { ...maxPool('average', 'max', { kernel: 2, stride: 1 }), kind: 'average-pool' },
  { kind: 'strided-slice', name: 'slice', inputs: ['average'], stride: [2, 1] },
  { kind: 'channel-pad', name: 'pad', inputs: ['slice'], before: 0, after: 2 },
  { kind: 'global-average-pool', name: 'mean', inputs: ['pad'] },
  { kind: 'multiply', name: 'gated', inputs: ['pad', 'mean'] },
  { kind: 'concatenation', name: 'joined', inputs: ['gated', 'pad'] },
  { kind: 'flatten', name: 'vector', inputs: ['joined'] },
  linear('fc', 'vector', 3),
]);

function parsed(change: (graph: Graph & { nodes: Node[] }) => unknown): unknown {
  return parseGraph(JSON.stringify(change(structuredClone(GRAPH) as never)), 'graph.json');
}

describe('a graph as JSON', () => {
  test('comes back as it was', () => {
    expect(parseGraph(JSON.stringify(GRAPH), 'graph.json')).toEqual(GRAPH);
  });

  test.each<[string, (graph: Graph & { nodes: Node[] }) => unknown, RegExp]>([
    ['another thing', () => [], /^graph\.json does not describe a network: .*expected object/],
    ['no nodes', (graph) => ({ ...graph, nodes: [] }), /nodes: Too small/],
    ['an unknown key', (graph) => ({ ...graph, weights: {} }), /Unrecognized key: "weights"/],
    [
      'an unknown kind',
      (graph) => ({ ...graph, nodes: [{ kind: 'softmax', name: 'a', inputs: ['input'] }] }),
      /nodes\.0\.kind: the node "a" is of no known kind: "softmax" is none of convolution, .*strided-slice/,
    ],
    [
      'an absurd size',
      (graph) => ({ ...graph, input: { ...graph.input, width: 1e12 } }),
      /input\.width: Too big/,
    ],
    [
      'a number that is none',
      (graph) => ({ ...graph, nodes: [{ ...graph.nodes[0], outputs: '4' }] }),
      /nodes\.0\.outputs: .*expected number/,
    ],
  ])('is refused with the key named: %s', (_, change, message) => {
    expect(() => parsed(change)).toThrow(message);
    expect(() => parsed(change)).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });

  test('is refused when it is no JSON', () => {
    expect(() => parseGraph('{"name":', 'graph.json')).toThrow(/it is no JSON/);
  });

  test('is refused when its nodes do not fit together', () => {
    expect(() => parsed((graph) => ({ ...graph, output: 'nothing' }))).toThrow(
      expect.objectContaining({ code: 'bad-network' }),
    );
  });

  test('is refused where channels that double at each node pass what numbers hold', () => {
    const nodes = Array.from({ length: 60 }, (_, i): Node => {
      const input = i === 0 ? 'input' : `n${i - 1}`;
      return { kind: 'concatenation', name: `n${i}`, inputs: [input, input] };
    });
    expect(() => parsed(() => sampleGraph(nodes))).toThrow(/which no machine holds/);
  });
});
