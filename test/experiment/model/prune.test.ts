import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPictureSource } from '../../../src/data/picture-folder.js';
import { type Pictures, PREPROCESSINGS, picturesAt } from '../../../src/data/pictures.js';
import { encodeModel, loadModel } from '../../../src/experiment/model/model.js';
import { answersFrom } from '../../../src/experiment/model/prune/answers.js';
import { positionOfUnit } from '../../../src/experiment/model/prune/consumers.js';
import { cutUnit, unitOfNetwork } from '../../../src/experiment/model/prune/cut-unit.js';
import type { PruneEvent, PruneOptions } from '../../../src/experiment/model/prune/events.js';
import {
  advanceFrontier,
  frontierOfPictures,
} from '../../../src/experiment/model/prune/frontier.js';
import { measureUnit } from '../../../src/experiment/model/prune/measure-unit.js';
import {
  leastShare,
  measurePruning,
  planPruning,
} from '../../../src/experiment/model/prune/plan.js';
import { cutAsPlanned, pruneNetwork } from '../../../src/experiment/model/prune/prune.js';
import { chosenUnits } from '../../../src/experiment/model/prune/units.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { foldBatchNorms } from '../../../src/graph/fold.js';
import type { Graph, Node } from '../../../src/graph/graph.js';
import { summarise } from '../../../src/graph/summary.js';
import type { Network } from '../../../src/graph/weights.js';
import { buildArchitecture } from '../../../src/models/architectures.js';
import { activation, batchNorm, convolution, linear, maxPool } from '../../../src/models/nodes.js';
import { type ReferenceMaps, runReference } from '../../../src/reference/network.js';
import { evaluatePictures } from '../../../src/train/evaluation.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';
import { isShared, sharedPath } from '../../shared.js';
import { input, randomPictures } from './random-pictures.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const preprocessing = PREPROCESSINGS.cifar10;

/** A chain whose last unit is flattened, a residual network, and some with depthwise filters and in groups. */
const GRAPHS: Readonly<Record<string, Graph>> = {
  'a chain with a flattening': sampleGraph([
    convolution('c1', 'input', { outputs: 7, kernel: 3, padding: 1 }),
    batchNorm('n1', 'c1'),
    activation('a1', 'n1'),
    maxPool('p1', 'a1', { kernel: 2, stride: 2 }),
    convolution('c2', 'p1', { outputs: 5, kernel: 3, bias: true }),
    activation('a2', 'c2'),
    { kind: 'flatten', name: 'f', inputs: ['a2'] },
    linear('fc', 'f', 4),
  ]),
  'resnet8, 5 channels': buildArchitecture('resnet8', { width: 5 / 16, input }),
  'inverted residuals': sampleGraph([
    ...invertedNodes('b1', 'input', { outputs: 5, stride: 1 }),
    ...invertedNodes('b2', 'b1.n3', { outputs: 5, stride: 2 }),
    ...invertedNodes('b3', 'b2.n3', { outputs: 5, stride: 1 }),
    { kind: 'add', name: 'sum', inputs: ['b3.n3', 'b2.n3'] },
    { kind: 'global-average-pool', name: 'mean', inputs: ['sum'] },
    linear('fc', 'mean', 4),
  ]),
  'a convolution in groups': sampleGraph([
    convolution('c1', 'input', { outputs: 5, kernel: 3, stride: 2, padding: 1 }),
    activation('a1', 'c1'),
    convolution('c2', 'a1', { outputs: 6, kernel: 1 }),
    batchNorm('n2', 'c2'),
    activation('a2', 'n2'),
    convolution('c3', 'a2', { outputs: 10, kernel: 3, padding: 1, groups: 2 }),
    batchNorm('n3', 'c3'),
    activation('a3', 'n3'),
    { kind: 'global-average-pool', name: 'mean', inputs: ['a3'] },
    linear('fc', 'mean', 4),
  ]),
};

/** Expansion, depthwise filters and projection, as in MobileNetV2. */
function invertedNodes(
  name: string,
  from: string,
  { outputs, stride }: { readonly outputs: number; readonly stride: number },
): readonly Node[] {
  return [
    convolution(`${name}.c1`, from, { outputs: 7, kernel: 1 }),
    batchNorm(`${name}.n1`, `${name}.c1`),
    activation(`${name}.a1`, `${name}.n1`, 'relu6'),
    convolution(`${name}.c2`, `${name}.a1`, {
      outputs: 7,
      kernel: 3,
      stride,
      padding: 1,
      groups: 7,
    }),
    batchNorm(`${name}.n2`, `${name}.c2`),
    activation(`${name}.a2`, `${name}.n2`, 'relu6'),
    convolution(`${name}.c3`, `${name}.a2`, { outputs, kernel: 1 }),
    batchNorm(`${name}.n3`, `${name}.c3`),
  ];
}

const options: PruneOptions = {
  criterion: 'group',
  refit: 'weights',
  sharing: 'measured',
  units: 'inner',
  budget: { of: 'multiplyAdds', share: 0.6 },
  roundTo: 1,
  least: 1,
  seed: 0,
};

/** The pictures as the network sees them, in float64. */
function referenceImages({ count, height, width, channels, pixels }: Pictures): ReferenceMaps {
  const data = new Float64Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const channel = at % channels;
    const position = Math.floor(at / channels);
    const [image, place] = [Math.floor(position / (height * width)), position % (height * width)];
    const { mean, deviation } = preprocessing;
    const value = ((pixels[at] as number) / 255 - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
    data[(image * channels + channel) * height * width + place] = value;
  }
  return { images: count, channels, height, width, data };
}

/** Where a network's first `units` inner units are cut to half of their channels. */
async function halved(network: Network, pictures: Pictures, units: number): Promise<Network> {
  let own = network;
  for (const { name } of chosenUnits(network.graph, 'inner').slice(0, units)) {
    const folded = foldBatchNorms(own);
    using frontier = await frontierOfPictures(device, folded.graph, pictures, preprocessing);
    const unit = unitOfNetwork(folded, name);
    const measurements = await measureUnit(device, { unit, cut: { network: folded, frontier } });
    const order = Uint32Array.from({ length: unit.channels }, (_, at) => unit.channels - 1 - at);
    const count = Math.ceil(unit.channels / 2);
    const request = { unit: name, measurements, ranking: { order }, count };
    own = cutUnit(own, { ...request, refit: 'none' }).network;
  }
  return own;
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function furthest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return largest(Array.from(expected, (value, at) => value - (found[at] as number)));
}

describe.each(Object.entries(GRAPHS))('%s', (_, graph) => {
  const network = randomNetwork(graph);
  const pictures = randomPictures(5);

  test("a unit's statistics are those of float64, behind units that are cut already", async () => {
    const [, name] = chosenUnits(graph, 'inner').map((unit) => unit.name);
    const folded = foldBatchNorms(network);
    const cut = foldBatchNorms(await halved(network, pictures, 1));
    const unit = unitOfNetwork(cut, name as string);
    const position = positionOfUnit(cut.graph, unit);
    const start = () => frontierOfPictures(device, cut.graph, pictures, preprocessing);
    using own = await advanceFrontier(
      device,
      { network: cut, frontier: await start() },
      { position },
    );
    using whole = await advanceFrontier(
      device,
      { network: folded, frontier: await start() },
      { position },
    );
    // Of groups the last.
    const measured = (
      await measureUnit(device, {
        unit,
        cut: { network: cut, frontier: own },
        dense: { network: folded, frontier: whole },
      })
    ).at(-1);
    if (!measured) throw new Error('No consumer was measured.');
    const { reading, statistics } = measured;
    const images = referenceImages(pictures);
    const [now, before] = [runReference(cut, images), runReference(folded, images)];
    const map = now.get(reading.input) as ReferenceMaps;
    const [target, dense] = [now, before].map((maps) => maps.get(reading.target)) as [
      ReferenceMaps,
      ReferenceMaps,
    ];
    // P, and Y = the dense target − the target as it is + P W, position by position.
    const { channels, taps, outputs } = statistics;
    const rows = channels * taps;
    const gram = new Float64Array(rows * rows);
    const correlation = new Float64Array(rows * outputs);
    let energy = 0;
    for (let image = 0; image < pictures.count; image++) {
      for (let place = 0; place < target.height * target.width; place++) {
        const [u, v] = [Math.floor(place / target.width), place % target.width];
        const patch = Float64Array.from({ length: rows }, (_value, row) => {
          const tap = row % taps;
          const { kernel, stride, padding } = reading;
          const y = u * stride[0] + Math.floor(tap / kernel[1]) - padding.top;
          const x = v * stride[1] + (tap % kernel[1]) - padding.left;
          if (y < 0 || x < 0 || y >= map.height || x >= map.width) return 0;
          const first = image * map.channels + reading.group.index * channels;
          const channel = first + Math.floor(row / taps);
          return map.data[(channel * map.height + y) * map.width + x] as number;
        });
        for (let o = 0; o < outputs; o++) {
          const output = image * target.channels + reading.group.index * outputs + o;
          const at = output * target.height * target.width + place;
          let wanted = (dense.data[at] as number) - (target.data[at] as number);
          for (let row = 0; row < rows; row++) {
            wanted += (patch[row] as number) * (measured.weights[row * outputs + o] as number);
          }
          energy += wanted ** 2;
          for (let row = 0; row < rows; row++) {
            const to = row * outputs + o;
            correlation[to] = (correlation[to] as number) + (patch[row] as number) * wanted;
          }
        }
        for (let row = 0; row < rows; row++) {
          for (let other = 0; other < rows; other++) {
            const to = row * rows + other;
            gram[to] = (gram[to] as number) + (patch[row] as number) * (patch[other] as number);
          }
        }
      }
    }
    expect(furthest(statistics.gram, gram)).toBeLessThan(1e-5 * largest(gram));
    expect(furthest(statistics.correlation, correlation)).toBeLessThan(1e-4 * largest(correlation));
    expect(statistics.energy / energy).toBeCloseTo(1, 4);
  });

  test('a unit that keeps all of its channels leaves the answers as they were', async () => {
    const folded = foldBatchNorms(network);
    using frontier = await frontierOfPictures(device, folded.graph, pictures, preprocessing);
    const whole = await answersFrom(device, { network: folded, frontier }, pictures.count);
    // Of a part of a chunk there are as many answers, and the same.
    const one = await answersFrom(device, { network: folded, frontier }, 1);
    expect(one).toEqual(whole.subarray(0, whole.length / pictures.count));
    for (const { name } of chosenUnits(graph, 'inner').slice(0, 2)) {
      const unit = unitOfNetwork(folded, name);
      const measurements = await measureUnit(device, { unit, cut: { network: folded, frontier } });
      const order = Uint32Array.from({ length: unit.channels }, (_value, at) => at);
      for (const refit of ['weights', 'scales', 'none'] as const) {
        const cut = cutUnit(network, {
          unit: name,
          measurements,
          ranking: { order },
          count: unit.channels,
          refit,
        });
        const found = await answersFrom(
          device,
          { network: foldBatchNorms(cut.network), frontier },
          pictures.count,
        );
        // The ridge of the refit moves weights of channels that hardly answer.
        expect(furthest(found, whole)).toBeLessThan(1e-3 * largest(whole));
      }
    }
  });

  test('is cut to its budget, goes on where it was, and its file holds what is left', async () => {
    const before = device.liveBytes;
    const all = { network, calibration: pictures, preprocessing, options };
    const events: PruneEvent[] = [];
    const summary = await finalResult(pruneNetwork(device, all), (event) => {
      events.push(event);
    });
    const share = summarise(summary.network.graph).multiplyAdds / summarise(graph).multiplyAdds;
    expect(share).toBeLessThanOrEqual(0.6);
    expect(share).toBeGreaterThan(0.4);
    const cut = summary.units.map(({ unit, kept }) => [unit, kept.length]);
    expect(chosenUnits(summary.network.graph, 'inner').map((u) => [u.name, u.channels])).toEqual(
      cut.filter(([, count]) => count !== 1),
    );
    expect(device.liveBytes).toBe(before);

    // What a kill behind the first unit would have left.
    const curves = events.filter((event) => event.type === 'curve');
    const [first] = events.filter((event) => event.type === 'unit');
    if (!first) throw new Error('No unit was cut.');
    const from = { curves, units: [first], network: first.network };
    const resumed = await finalResult(pruneNetwork(device, all, { from }));
    expect(resumed.network).toEqual(summary.network);

    // Another budget, by what was measured for the first: planned at once, and cut without a curve.
    const known = summary.curves;
    const measured = await finalResult(measurePruning(device, all, { known }));
    const plan = (own: number) =>
      planPruning(network, { ...options, budget: { of: 'multiplyAdds', share: own } }, measured);
    expect(plan(0.6).units.map(({ unit, kept }) => [unit, kept])).toEqual(cut);
    expect(plan(0.6).reached).toBeCloseTo(share, 12);
    const [half, least] = [plan(0.5), leastShare(network, options, measured.cost)];
    expect(plan(1)).toMatchObject({ reached: 1, divergence: 0 });
    const fewest = chosenUnits(graph, 'inner').map((unit) => unit.least ?? 1);
    expect(plan(least).units.map(({ kept }) => kept)).toEqual(fewest);
    expect(() => plan(0.99 * least)).toThrow(/cannot be met/);
    expect(half.divergence).toBeGreaterThanOrEqual(plan(0.6).divergence);
    const again = await finalResult(cutAsPlanned(device, all, { plan: plan(0.6) }));
    expect(again.network).toEqual(summary.network);

    const bytes = encodeModel({ network: summary.network, preprocessing, counters: new Map() });
    const read = loadModel(bytes, 'pruned.safetensors');
    expect(read.network).toEqual(summary.network);
    expect(read.preprocessing).toEqual(preprocessing);
  });
});

test('is interrupted within a unit, and frees what it held', async () => {
  const before = device.liveBytes;
  for (const phase of ['curves', 'cutting']) {
    const controller = new AbortController();
    const pruning = pruneNetwork(
      device,
      {
        network: randomNetwork(GRAPHS['inverted residuals'] as Graph),
        calibration: randomPictures(5),
        preprocessing,
        options,
      },
      { signal: controller.signal },
    );
    const interrupted = finalResult(pruning, (event) => {
      // Told before the unit's own work, which is where the signal is then met.
      if (event.type === 'progress' && event.phase === phase) controller.abort();
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
  }
  expect(device.liveBytes).toBe(before);
});

test('a network without channels to remove says why, node by node', () => {
  const graph = sampleGraph([
    { kind: 'global-average-pool', name: 'mean', inputs: ['input'] },
    linear('fc', 'mean', 4),
  ]);
  expect(() => chosenUnits(graph, 'inner')).toThrow(/fc: 4 channels of the network's answers/);
  expect(() => chosenUnits(GRAPHS['a chain with a flattening'] as Graph, 'stream')).toThrow(
    /c1: of an inner unit/,
  );
});

test('numbers that are not finite are refused, wherever they come from', async () => {
  const broken = (graph: Graph, name: string) => {
    const whole = randomNetwork(graph);
    const tensor = whole.weights.get(name);
    if (!tensor) throw new Error(`No ${name}.`);
    const data = tensor.data.with(0, Number.NaN);
    const weights = new Map(whole.weights).set(name, { ...tensor, data });
    const own = { ...options, sharing: 'uniform' } as const;
    const all = { calibration: randomPictures(2), preprocessing, options: own };
    return finalResult(pruneNetwork(device, { ...all, network: { graph, weights } }));
  };
  await expect(broken(GRAPHS['a chain with a flattening'] as Graph, 'c1.weight')).rejects.toThrow(
    /activations of c1 .* not finite.*preprocessed/,
  );
  await expect(broken(GRAPHS['inverted residuals'] as Graph, 'fc.bias')).rejects.toThrow(
    /The answers .* are not finite/,
  );
});

test('tells of fewer images than the widest unit has channels, and of fewer positions than weights', async () => {
  const network = randomNetwork(GRAPHS['a chain with a flattening'] as Graph);
  const warnings = async (count: number, changes: Partial<PruneOptions> = {}) => {
    const all = { network, calibration: randomPictures(count), preprocessing };
    const events: PruneEvent[] = [];
    const own = { ...options, sharing: 'uniform', ...changes } as const;
    await finalResult(pruneNetwork(device, { ...all, options: own }), (event) => {
      events.push(event);
    });
    return events.filter(({ type }) => type.startsWith('few-'));
  };
  expect(await warnings(6)).toEqual([{ type: 'few-images', images: 6, unit: 'c1', channels: 7 }]);
  expect(await warnings(7)).toEqual([]);
  // One position a picture of four: c2 has 9 taps for each of c1's 7 channels.
  const few = { type: 'few-positions', node: 'c2', images: 62, taken: 1, weights: 63 };
  expect(await warnings(62, { positions: 1 })).toEqual([few]);
  expect(await warnings(63, { positions: 1 })).toEqual([]);
  expect(await warnings(7, { positions: 1, refit: 'scales' })).toEqual([]);
  expect(await warnings(7, { positions: 4 })).toEqual([]);
});

test('sums a sample of positions where that is cheaper, and says so', async () => {
  const told: PruneEvent[] = [];
  const input = {
    network: randomNetwork(GRAPHS['a chain with a flattening'] as Graph),
    calibration: randomPictures(5),
    preprocessing,
  };
  const own = { ...options, sharing: 'uniform', positions: 1 } as const;
  const cut = (chosen: PruneOptions) =>
    finalResult(pruneNetwork(device, { ...input, options: chosen }), (event) => {
      if (event.type === 'positions') told.push(event);
    });
  const { network } = await cut(own);
  const costs = { all: 4 * 81, sampled: 81 };
  expect(told).toEqual([
    { type: 'positions', node: 'c2', reason: 'cheaper', taken: 1, positions: 4, cost: costs },
    expect.objectContaining({ node: 'fc', reason: 'few', taken: 1, positions: 1 }),
  ]);
  const whole = await cut({ ...own, positions: undefined });
  expect(told).toHaveLength(2);
  expect(network.weights.get('c2.weight')).not.toEqual(whole.network.weights.get('c2.weight'));
});

test('a sample of positions weighs as all of them would', async () => {
  const graph = sampleGraph([
    convolution('c1', 'input', { outputs: 5, kernel: 1 }),
    activation('a1', 'c1'),
    convolution('c2', 'a1', { outputs: 4, kernel: 3 }),
    { kind: 'global-average-pool', name: 'mean', inputs: ['c2'] },
    linear('fc', 'mean', 4),
  ]);
  const network = randomNetwork(graph);
  // Of one color each: so all positions have the same patch.
  const pictures = randomPictures(3);
  const pixels = pictures.pixels.map((_, at) => 40 * Math.floor((3 * at) / pictures.pixels.length));
  using frontier = await frontierOfPictures(device, graph, { ...pictures, pixels }, preprocessing);
  const measured = async (most?: number) => {
    const sampled = most === undefined ? undefined : { most, seed: 0 };
    const unit = unitOfNetwork(network, 'c1');
    const [own] = await measureUnit(device, { unit, cut: { network, frontier }, sampled });
    return own!;
  };
  const [all, one] = [await measured(), await measured(1)];
  expect(one.positions).toMatchObject({ reason: 'cheaper', taken: 1 });
  expect(one.statistics.energy / all.statistics.energy).toBeCloseTo(1, 5);
  for (const sums of ['gram', 'correlation'] as const) {
    const most = largest(all.statistics[sums]);
    const apart = all.statistics[sums].map((sum, at) => sum - one.statistics[sums][at]!);
    expect(largest(apart)).toBeLessThan(1e-5 * most);
  }
});

test('a budget that no cut meets says the least that can be met', async () => {
  const graph = GRAPHS['resnet8, 5 channels'] as Graph;
  const budget = { of: 'multiplyAdds', share: 0.001 } as const;
  for (const sharing of ['uniform', 'measured'] as const) {
    const pruning = pruneNetwork(device, {
      network: randomNetwork(graph),
      calibration: randomPictures(2),
      preprocessing,
      options: { ...options, budget, sharing },
    });
    await expect(finalResult(pruning)).rejects.toThrow(
      /A budget of 0.00100 cannot be met: .* 0\.\d+ is left/,
    );
  }
});

describe.skipIf(!isShared)('ResNet-20 of ../shared', () => {
  test('keeps most of its answers at half of its multiply-adds', async () => {
    const file = sharedPath('models/resnet20-12fca82f.th');
    const model = loadModel(readFileSync(file), file, { architecture: 'resnet20' });
    const source = await readPictureSource(sharedPath('data/cifar10-small'));
    const first = (pictures: Pictures, count: number) =>
      picturesAt(
        pictures,
        Array.from({ length: count }, (_, at) => at),
      );
    const [calibration, test] = [first(source.train, 50), first(source.test, 200)];
    const half = { budget: { of: 'multiplyAdds', share: 0.5 }, sharing: 'uniform' } as const;
    const all = { ...model, calibration, options: { ...options, ...half } };
    const { network } = await finalResult(pruneNetwork(device, all));
    const { accuracy } = await finalResult(evaluatePictures(device, network, test, model));
    expect(accuracy).toBeGreaterThan(0.6);
  });
});
