import { describe, expect, test } from 'vitest';
import { contributions } from '../../../src/prune/channels/contributions.js';
import {
  rankByActivation,
  rankByDistance,
  rankByLot,
  rankByScale,
  rankByWeight,
} from '../../../src/prune/channels/rankings.js';
import { refitWeights } from '../../../src/prune/channels/refit.js';
import { refitScales } from '../../../src/prune/channels/scales.js';
import { randomStream } from '../../../src/random.js';
import { contributed, randomLayer, solve } from './brute.js';

const layers = [
  randomLayer({ channels: 1, taps: 9, outputs: 3, positions: 31, seed: 1 }),
  randomLayer({ channels: 7, taps: 4, outputs: 1, positions: 97, seed: 2 }),
  randomLayer({ channels: 13, taps: 1, outputs: 10, positions: 61, seed: 3 }),
];

const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0);

describe.each(layers)('$channels channels, $taps taps, $outputs outputs', (layer) => {
  const stream = randomStream(5, 'contributions');
  const weights = new Float64Array(layer.channels * layer.taps * layer.outputs).map(() =>
    stream.normal(),
  );
  const z = contributed(layer, weights);
  const sums = contributions(layer, weights);

  test('inner products are those of the contributions themselves', () => {
    const size = Math.max(...z.map((one) => dot(one, one)), layer.energy);
    z.forEach((one, i) => {
      z.forEach((other, j) => {
        const found = sums.gram[i * layer.channels + j] ?? Number.NaN;
        expect(Math.abs(found - dot(one, other))).toBeLessThan(1e-12 * size);
      });
      const found = sums.correlation[i] ?? Number.NaN;
      expect(Math.abs(found - dot(one, layer.targets))).toBeLessThan(1e-12 * size);
    });
  });

  test('scales are those of least squares, and no better than weights of their own', () => {
    const kept = Array.from({ length: layer.channels }, (_, c) => c).filter((c) => c % 3 !== 1);
    const { scales, loss } = refitScales(sums, kept);
    const n = kept.length;
    const square = Float64Array.from({ length: n * n }, (_, at) =>
      dot(z[kept[Math.floor(at / n)] ?? 0] as Float64Array, z[kept[at % n] ?? 0] as Float64Array),
    );
    const right = Float64Array.from(kept, (c) => dot(z[c] as Float64Array, layer.targets));
    const expected = solve(square, n, right, 1);
    scales.forEach((scale, at) => {
      expect(scale).toBeCloseTo(expected[at] ?? Number.NaN, 4);
    });
    expect(loss).toBeGreaterThanOrEqual(refitWeights(layer, kept).loss - 1e-3 * layer.energy);
  });
});

describe('rankings', () => {
  // Three filters of two weights; the second is the largest, the third lies between the others.
  const filters = { channels: 3, data: Float32Array.of(0.1, 0.1, -3, 1, 1, -0.5) };

  test('weights, distances, scales, activations', () => {
    expect([...rankByWeight(filters)]).toEqual([1, 2, 0]);
    expect([...rankByDistance(filters)]).toEqual([1, 2, 0]);
    expect([...rankByScale([0.5, -2, 0.5])]).toEqual([1, 0, 2]);
    const gram = new Float64Array(36);
    [1, 0, 0, 5, 2, 2].forEach((value, row) => {
      gram[row * 7] = value;
    });
    const statistics = { channels: 3, taps: 2, outputs: 1, positions: 9, energy: 0 };
    expect([
      ...rankByActivation([{ ...statistics, gram, correlation: new Float64Array(6) }]),
    ]).toEqual([1, 2, 0]);
  });

  test('a lot draws every channel once, and the same for the same seed', () => {
    const order = rankByLot(29, 7);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, c) => c));
    expect(rankByLot(29, 7)).toEqual(order);
    expect(rankByLot(29, 8)).not.toEqual(order);
  });
});
