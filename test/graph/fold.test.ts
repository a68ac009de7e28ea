import { expect, test } from 'vitest';
import { findMisfits } from '../../src/graph/fit.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import type { Node } from '../../src/graph/graph.js';
import { activation, batchNorm, convolution, linear } from '../../src/models/nodes.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { randomImages, randomNetwork, relativeDifference, sampleGraph } from './sample.js';

const NODES: readonly Node[] = [
  convolution('c1', 'input', { outputs: 5, kernel: 3, stride: 2 }),
  batchNorm('n1', 'c1'),
  convolution('c2', 'n1', { outputs: 10, kernel: 3, groups: 5, bias: true }),
  batchNorm('n2', 'c2', 0.01),
  activation('a2', 'n2'),
  { kind: 'flatten', name: 'vector', inputs: ['a2'] },
  linear('fc', 'vector', 4),
  batchNorm('n3', 'fc'),
];

test('folding keeps the answers to rounding, and leaves no batch norm behind a filter', () => {
  const network = randomNetwork(sampleGraph(NODES));
  const folded = foldBatchNorms(network);
  expect(folded.graph.nodes.map(({ name }) => name)).toEqual(['c1', 'c2', 'a2', 'vector', 'fc']);
  expect(folded.graph.output).toBe('fc');
  expect(findMisfits(folded.graph, folded.weights)).toEqual([]);
  expect(folded.weights.get('c1.bias')?.shape).toEqual([5]);
  const images = randomImages(network.graph, 3);
  const difference = relativeDifference(
    referenceAnswers(network, images),
    referenceAnswers(folded, images),
  );
  // Each folded number is rounded once, by 2⁻²⁴ of itself; three layers, with cancellation to spare.
  expect(difference).toBeLessThan(64 * 2 ** -24);
  expect(difference).toBeGreaterThan(0);
});

test('the network that was folded stays as it was', () => {
  const network = randomNetwork(sampleGraph(NODES));
  const before = structuredClone(network);
  foldBatchNorms(network);
  expect(network).toEqual(before);
});

test('a batch norm behind a sum, or behind a convolution that others read, stays', () => {
  const graph = sampleGraph([
    convolution('c1', 'input', { outputs: 3, kernel: 1 }),
    batchNorm('n1', 'c1'),
    { kind: 'add', name: 'sum', inputs: ['c1', 'n1'] },
    batchNorm('n2', 'sum'),
  ]);
  const network = randomNetwork(graph);
  expect(foldBatchNorms(network)).toEqual(network);
});

test('weights are rounded once: those of float64 by hand', () => {
  const network = randomNetwork(sampleGraph(NODES.slice(0, 2)));
  const [weight, gamma, beta, mean, variance] = [
    'c1.weight',
    'n1.weight',
    'n1.bias',
    'n1.running_mean',
    'n1.running_var',
  ].map((name) => network.weights.get(name)!.data) as [Float32Array, ...Float32Array[]];
  const folded = foldBatchNorms(network).weights;
  const scale = (o: number) => gamma![o]! / Math.sqrt(variance![o]! + 1e-5);
  expect(folded.get('c1.weight')!.data[2 * 27 + 13]).toBe(
    Math.fround(weight[2 * 27 + 13]! * scale(2)),
  );
  expect(folded.get('c1.bias')!.data[4]).toBe(Math.fround(-mean![4]! * scale(4) + beta![4]!));
});
