import { expect, test } from 'vitest';
import { drawWeights } from '../../src/models/initial-weights.js';
import { batchNorm, convolution, linear } from '../../src/models/nodes.js';
import { countPrunableWeights, zeroSmallestWeights } from '../../src/prune/zero-weights.js';
import { sampleGraph } from '../graph/sample.js';

test('zeroes the smallest weights over all layers, of equal ones the first, and no batch norm', () => {
  const graph = sampleGraph(
    [
      convolution('c', 'input', { outputs: 1, kernel: 1, bias: true }),
      batchNorm('n', 'c'),
      { ...convolution('s', 'n', { outputs: 1, kernel: 1 }), frozen: true },
      { kind: 'global-average-pool', name: 'mean', inputs: ['s'] },
      linear('fc', 'mean', 3),
    ],
    { width: 2 },
  );
  const drawn = drawWeights(graph, 0);
  const own = (name: string, data: readonly number[]) =>
    [name, { shape: drawn.get(name)!.shape, data: Float32Array.from(data) }] as const;
  const weights = new Map([
    ...drawn,
    own('c.weight', [-0.5, 2, 0.25]),
    own('s.weight', [1e-9]),
    own('fc.weight', [0.5, -3, 0.5]),
  ]);
  const network = { graph, weights };
  expect(countPrunableWeights(network)).toBe(6);
  const pruned = zeroSmallestWeights(network, 3).weights;
  expect([...pruned.get('c.weight')!.data]).toEqual([0, 2, 0]);
  expect([...pruned.get('fc.weight')!.data]).toEqual([0, -3, 0.5]);
  for (const [name, tensor] of weights) {
    if (!['c.weight', 'fc.weight'].includes(name)) expect(pruned.get(name)).toBe(tensor);
  }
  expect(weights.get('c.weight')!.data[0]).toBe(-0.5);
  expect(zeroSmallestWeights(network, 6).weights.get('fc.weight')!.data).toEqual(
    new Float32Array(3),
  );
  expect(() => zeroSmallestWeights(network, 7)).toThrow(/Of 6 weights 7 cannot be zeroed/);
});
