import { describe, expect, test } from 'vitest';
import { eliminateGroups } from '../../../src/prune/channels/backward.js';
import { selectGroups } from '../../../src/prune/channels/group.js';
import { refitWeights } from '../../../src/prune/channels/refit.js';
import { requireStatistics } from '../../../src/prune/channels/statistics.js';
import { bruteRefit, type Layer, type LayerShape, randomLayer } from './brute.js';

/** How far a pick's loss may lie above the best candidate's, relatively. */
const PICK_TOLERANCE = 1e-9;

const SHAPES: readonly LayerShape[] = [
  { channels: 1, taps: 1, outputs: 1, positions: 9, seed: 1 },
  { channels: 2, taps: 9, outputs: 3, positions: 61, seed: 2 },
  { channels: 7, taps: 4, outputs: 10, positions: 97, seed: 3 },
  { channels: 13, taps: 1, outputs: 3, positions: 127, seed: 4 },
  { channels: 7, taps: 9, outputs: 1, positions: 151, seed: 5 },
  { channels: 7, taps: 4, outputs: 3, positions: 97, seed: 6, dead: [2, 5] },
  { channels: 7, taps: 1, outputs: 3, positions: 53, seed: 7, twins: [[1, 4]] },
  // Fewer positions than columns: Q is singular.
  { channels: 7, taps: 4, outputs: 3, positions: 19, seed: 8 },
];

const nameOfShape = ({ channels, taps, outputs, positions, dead, twins }: LayerShape) =>
  `C = ${channels}, g = ${taps}, O = ${outputs}, M = ${positions}${dead ? ', dead channels' : ''}${twins ? ', twins' : ''}`;

/** The loss of each channel that may still come, added to (or taken from) those at hand. */
function losses(layer: Layer, sets: readonly (readonly number[])[]): readonly number[] {
  return sets.map((kept) => bruteRefit(layer, kept).loss);
}

describe.each(SHAPES.map((shape) => [nameOfShape(shape), shape] as const))('%s', (_name, shape) => {
  const layer = randomLayer(shape);
  const all = Array.from({ length: layer.channels }, (_, channel) => channel);
  const slack = PICK_TOLERANCE * layer.energy;

  test('a refit gives the weights and the loss of least squares', () => {
    const kept = all.filter((channel) => channel % 2 === 0);
    const { weights, loss } = refitWeights(layer, kept);
    const expected = bruteRefit(layer, kept);
    expect(Math.abs(loss - expected.loss)).toBeLessThan(slack);
    // Where Q is regular the weights are determined as well.
    if (!shape.dead && !shape.twins && shape.positions > layer.channels * layer.taps) {
      const largest = Math.max(...expected.weights.map(Math.abs));
      weights.forEach((weight, at) => {
        expect(Math.abs(weight - (expected.weights[at] ?? Number.NaN))).toBeLessThan(
          1e-8 * largest,
        );
      });
    }
  });

  test('each pick of `group` is the best of all candidates, refitted', () => {
    const { order, loss } = selectGroups([layer], layer.channels);
    expect([...order].sort((a, b) => a - b)).toEqual(all);
    order.forEach((pick, step) => {
      const before = [...order.subarray(0, step)];
      const open = all.filter((channel) => !before.includes(channel));
      const possible = losses(
        layer,
        open.map((channel) => [...before, channel]),
      );
      const best = Math.min(...possible);
      expect(possible[open.indexOf(pick)]).toBeLessThanOrEqual(best + slack);
      expect(
        Math.abs((loss[step] ?? Number.NaN) - (possible[open.indexOf(pick)] ?? 0)),
      ).toBeLessThan(slack);
      // A pick can only help.
      expect(loss[step]).toBeLessThanOrEqual((loss[step - 1] ?? layer.energy) + slack);
    });
  });

  test('each removal of `backward` costs least of all', () => {
    const { order, loss } = eliminateGroups([layer]);
    expect([...order].sort((a, b) => a - b)).toEqual(all);
    for (let count = layer.channels; count > 1; count--) {
      const kept = [...order.subarray(0, count)];
      const gone = order[count - 1] as number;
      const possible = losses(
        layer,
        kept.map((channel) => kept.filter((other) => other !== channel)),
      );
      const best = Math.min(...possible);
      expect(possible[kept.indexOf(gone)]).toBeLessThanOrEqual(best + slack);
      const own = bruteRefit(layer, kept).loss;
      expect(Math.abs((loss[count - 1] ?? Number.NaN) - own)).toBeLessThan(slack);
    }
  });
});

test('of several consumers, as the groups of a convolution are, the losses are added up', () => {
  const shape = { channels: 5, outputs: 3, positions: 97 };
  const consumers = [
    randomLayer({ ...shape, taps: 4, seed: 9 }),
    randomLayer({ ...shape, taps: 4, seed: 10 }),
    randomLayer({ ...shape, taps: 1, seed: 11 }),
  ];
  const energy = consumers.reduce((sum, layer) => sum + layer.energy, 0);
  const lossOf = (kept: readonly number[]) =>
    consumers.reduce((sum, layer) => sum + bruteRefit(layer, kept).loss, 0);
  const all = [...Array(shape.channels).keys()];
  const slack = PICK_TOLERANCE * energy;
  const picked = selectGroups(consumers, shape.channels);
  picked.order.forEach((_, step) => {
    const before = [...picked.order.subarray(0, step)];
    const open = all.filter((channel) => !before.includes(channel));
    const best = Math.min(...open.map((channel) => lossOf([...before, channel])));
    expect(Math.abs((picked.loss[step] ?? Number.NaN) - best)).toBeLessThan(slack);
  });
  const { order } = eliminateGroups(consumers);
  for (let count = shape.channels; count > 1; count--) {
    const kept = [...order.subarray(0, count)];
    const possible = kept.map((gone) => lossOf(kept.filter((channel) => channel !== gone)));
    const left = lossOf([...order.subarray(0, count - 1)]);
    expect(left).toBeLessThanOrEqual(Math.min(...possible) + slack);
  }
});

describe('statistics', () => {
  test('sums that are not finite are refused, with the usual cause', () => {
    const layer = randomLayer({ channels: 2, taps: 1, outputs: 1, positions: 9, seed: 1 });
    const gram = layer.gram.with(1, Number.NaN);
    expect(() => requireStatistics({ ...layer, gram }, 'c1')).toThrow(
      /activations of c1 .* not finite.*preprocessed/,
    );
    expect(() => requireStatistics({ ...layer, channels: 3 }, 'c1')).toThrow(
      /hold 9 and 3 sums, not 4 and 2/,
    );
    requireStatistics(layer, 'c1');
  });
});
