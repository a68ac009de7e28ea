import { expect, test } from 'vitest';
import { summarise } from '../../src/graph/summary.js';
import { activation, batchNorm, convolution, linear, maxPool } from '../../src/models/nodes.js';
import { sampleGraph } from './sample.js';

const GRAPH = sampleGraph([
  convolution('conv', 'input', { outputs: 6, kernel: 3, stride: 2, padding: 1 }),
  batchNorm('bn', 'conv'),
  convolution('depthwise', 'bn', { outputs: 6, kernel: 3, padding: 1, groups: 6, bias: true }),
  { kind: 'add', name: 'sum', inputs: ['bn', 'depthwise'] },
  activation('relu', 'sum'),
  maxPool('pool', 'relu', { kernel: 2, stride: 2 }),
  { kind: 'strided-slice', name: 'slice', inputs: ['pool'], stride: [1, 2] },
  { kind: 'channel-pad', name: 'pad', inputs: ['slice'], before: 1, after: 0 },
  { kind: 'global-average-pool', name: 'mean', inputs: ['pad'] },
  linear('fc', 'mean', 2),
]);

test('multiply-adds of filters alone, parameters without running statistics', () => {
  const { nodes, ...totals } = summarise(GRAPH);
  expect(Object.fromEntries(nodes.map((node) => [node.name, node.multiplyAdds]))).toMatchObject({
    conv: 6 * 4 * 5 * 27,
    bn: 0,
    depthwise: 6 * 4 * 5 * 9,
    fc: 14,
  });
  expect(Object.fromEntries(nodes.map((node) => [node.name, node.parameters]))).toMatchObject({
    conv: 6 * 27,
    bn: 12,
    depthwise: 6 * 9 + 6,
    pool: 0,
    fc: 16,
  });
  expect(totals).toEqual({
    multiplyAdds: 6 * 4 * 5 * 36 + 14,
    parameters: 6 * 27 + 12 + 60 + 16,
    weightBytes: 4 * (6 * 27 + 24 + 60 + 16),
    largestMapBytes: 4 * 3 * 8 * 9,
    // At the sum: the shortcut, what is added, the sum; the input (216) is larger than two maps of 120.
    liveMapBytes: 4 * 3 * 120,
  });
});

test('each node says in words what its kind leaves open', () => {
  expect(summarise(GRAPH).nodes.map(({ detail }) => detail)).toEqual([
    '3 × 3, stride 2',
    '',
    '3 × 3, 6 groups',
    '',
    'relu',
    '2 × 2, stride 2',
    'stride 1 × 2',
    '1 before, 0 after',
    '',
    '',
  ]);
  expect(summarise(GRAPH).nodes.at(-2)).toMatchObject({
    kind: 'global-average-pool',
    inputs: ['pad'],
    output: { channels: 7, height: 1, width: 1 },
  });
});
