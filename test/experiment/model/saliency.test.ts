import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pictures, PREPROCESSINGS } from '../../../src/data/pictures.js';
import { readingsOfUnit } from '../../../src/experiment/model/prune/consumers.js';
import { unitOfNetwork } from '../../../src/experiment/model/prune/cut-unit.js';
import type { PruneEvent, PruneInput } from '../../../src/experiment/model/prune/events.js';
import { frontierOfPictures } from '../../../src/experiment/model/prune/frontier.js';
import { rankByNetworkLoss } from '../../../src/experiment/model/prune/network-loss.js';
import { pruneNetwork } from '../../../src/experiment/model/prune/prune.js';
import { measureSaliency } from '../../../src/experiment/model/prune/saliency.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { cutNetwork } from '../../../src/graph/cut.js';
import { foldBatchNorms } from '../../../src/graph/fold.js';
import { inferShapes } from '../../../src/graph/shapes.js';
import { findUnits, type Unit } from '../../../src/graph/units.js';
import type { Network } from '../../../src/graph/weights.js';
import { activation, batchNorm, convolution, linear } from '../../../src/models/nodes.js';
import { randomStream } from '../../../src/random.js';
import { type ReferenceMaps, referenceAnswers } from '../../../src/reference/network.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const preprocessing = PREPROCESSINGS.unit;
const CLASSES = 3;

/** A block with a shortcut, and a unit that is flattened. */
const graph = sampleGraph(
  [
    convolution('c1', 'input', { outputs: 3, kernel: 3, padding: 1 }),
    batchNorm('n1', 'c1'),
    activation('a1', 'n1'),
    convolution('c2', 'a1', { outputs: 5, kernel: 3, padding: 1 }),
    batchNorm('n2', 'c2'),
    activation('a2', 'n2'),
    convolution('c3', 'a2', { outputs: 3, kernel: 1 }),
    { kind: 'add', name: 'sum', inputs: ['c3', 'a1'] },
    convolution('c4', 'sum', { outputs: 4, kernel: 3, stride: 2, bias: true }),
    activation('a4', 'c4'),
    { kind: 'flatten', name: 'f', inputs: ['a4'] },
    linear('fc', 'f', CLASSES),
  ],
  { height: 4, width: 5 },
);

/** More than are taken at once. */
function randomPictures(count = 35): Pictures & Required<Pick<Pictures, 'labels'>> {
  const stream = randomStream(3, 'pictures');
  const { height, width, channels } = graph.input;
  const pixels = Uint8Array.from({ length: count * height * width * channels }, () =>
    stream.below(256),
  );
  const labels = Uint32Array.from({ length: count }, () => stream.below(CLASSES));
  return { count, height, width, channels, pixels, labels };
}

function referenceImages({ count, height, width, channels, pixels }: Pictures): ReferenceMaps {
  const data = new Float64Array(pixels.length);
  pixels.forEach((byte, at) => {
    const [position, channel] = [Math.floor(at / channels), at % channels];
    const [image, place] = [Math.floor(position / (height * width)), position % (height * width)];
    data[(image * channels + channel) * height * width + place] = byte / 255;
  });
  return { images: count, channels, height, width, data };
}

/** Cross-entropy of each picture. */
function losses(network: Network, pictures: ReturnType<typeof randomPictures>): number[] {
  const answers = referenceAnswers(network, referenceImages(pictures));
  return Array.from(pictures.labels, (label, image) => {
    const own = Array.from(answers.subarray(image * CLASSES, (image + 1) * CLASSES));
    return Math.log(own.reduce((sum, f) => sum + Math.exp(f), 0)) - (own[label] as number);
  });
}

/** The network with what one consumer makes of a channel multiplied, which a gate would do as well. */
function gated(
  network: Network,
  { weight, channels, taps }: { weight: string; channels: readonly number[]; taps: number },
  gate: number,
): Network {
  const tensor = network.weights.get(weight);
  if (!tensor) throw new Error(`No ${weight}.`);
  const inputs = tensor.data.length / (tensor.shape[0] as number) / taps;
  // In float64: a step of 1e-5 is lost in float32's rounding.
  const data = Float64Array.from(tensor.data, (value, at) =>
    channels.includes(Math.floor(at / taps) % inputs) ? gate * value : value,
  );
  const exact = { shape: tensor.shape, data: data as unknown as Float32Array };
  return { ...network, weights: new Map(network.weights).set(weight, exact) };
}

test('the saliency of each channel is the slope of the loss along a gate behind it', async () => {
  const before = device.liveBytes;
  const network = foldBatchNorms(randomNetwork(graph));
  const pictures = randomPictures();
  const { units } = findUnits(network.graph);
  const inner = units.filter(({ kind }) => kind === 'inner');
  expect(inner.map(({ name, channels }) => [name, channels])).toEqual([
    ['c2', 5],
    ['c4', 4],
  ]);
  const problem = { network, units: inner };
  const found = await measureSaliency(device, problem, { calibration: pictures, preprocessing });
  expect(device.liveBytes).toBe(before);
  const STEP = 1e-5;
  for (const unit of inner) {
    const [reading] = readingsOfUnit(network.graph, inferShapes(network.graph), unit);
    if (!reading) throw new Error('No consumer.');
    const taps = reading.kernel[0] * reading.kernel[1];
    const expected = reading.places.map((channels) => {
      const own = { weight: reading.weight, channels, taps };
      const [above, below] = [1 + STEP, 1 - STEP].map((gate) =>
        losses(gated(network, own, gate), pictures),
      );
      const slopes = above?.map((loss, at) => Math.abs(loss - (below?.[at] ?? 0)) / (2 * STEP));
      return (slopes ?? []).reduce((sum, slope) => sum + slope, 0) / pictures.count;
    });
    const most = Math.max(...expected);
    expect(most).toBeGreaterThan(1e-3);
    const values = found.get(unit.name) ?? new Float64Array();
    expect(values).toHaveLength(unit.channels);
    expected.forEach((value, channel) => {
      expect(Math.abs(value - (values[channel] ?? Number.NaN))).toBeLessThan(1e-4 * most);
    });
  }
});

test('each pick of network-loss is the best of all candidates by the loss of the whole network', async () => {
  const before = device.liveBytes;
  const network = foldBatchNorms(randomNetwork(graph));
  const pictures = randomPictures(5);
  for (const unit of findUnits(network.graph).units.filter(({ kind }) => kind === 'inner')) {
    const [reading] = readingsOfUnit(network.graph, inferShapes(network.graph), unit);
    if (!reading) throw new Error('No consumer.');
    const taps = reading.kernel[0] * reading.kernel[1];
    using frontier = await frontierOfPictures(device, network.graph, pictures, preprocessing);
    const place = { network, frontier };
    const { labels } = pictures;
    const ranking = await rankByNetworkLoss(device, { unit, place, labels, seed: 4 });
    expect([...ranking.order].sort()).toEqual([...Array(unit.channels).keys()]);
    const lossOfKept = (kept: readonly number[]) => {
      const channels = (chosen: (channel: number) => boolean) =>
        reading.places.flatMap((places, channel) => (chosen(channel) ? places : []));
      const own = { weight: reading.weight, taps };
      const others = channels((channel) => !kept.includes(channel));
      const less = gated(network, { ...own, channels: others }, 0);
      const scaled = { ...own, channels: channels((channel) => kept.includes(channel)) };
      const all = losses(gated(less, scaled, unit.channels / kept.length), pictures);
      return all.reduce((sum, loss) => sum + loss, 0) / pictures.count;
    };
    ranking.order.forEach((pick, step) => {
      const picked = [...ranking.order.subarray(0, step)];
      const possible = [...ranking.order.subarray(step)].map((channel) =>
        lossOfKept([...picked, channel]),
      );
      const own = lossOfKept([...picked, pick]);
      expect(own).toBeLessThanOrEqual(Math.min(...possible) + 1e-5);
    });
    expect([...(ranking.factors?.(2) ?? [])]).toEqual([unit.channels / 2, unit.channels / 2]);
  }
  expect(device.liveBytes).toBe(before);
});

test('network-loss cuts inner units, by labels alone, and says why not others', async () => {
  const pictures = randomPictures(5);
  const own = { criterion: 'network-loss', refit: 'none', sharing: 'uniform' } as const;
  const rest = { budget: { of: 'parameters', share: 0.8 }, roundTo: 1, least: 1, seed: 0 } as const;
  const prune = (units: 'inner' | 'stream', calibration: Pictures) =>
    finalResult(
      pruneNetwork(device, {
        network: randomNetwork(graph),
        calibration,
        preprocessing,
        options: { ...own, ...rest, units },
      }),
    );
  const { budget } = await prune('inner', pictures);
  expect(budget.reached).toBeLessThanOrEqual(0.8);
  await expect(prune('stream', pictures)).rejects.toThrow(
    /network-loss cannot cut c1: c4 reads sum, into which another consumer/,
  );
  const { labels: _, ...unlabelled } = pictures;
  await expect(prune('inner', unlabelled)).rejects.toThrow(/network-loss looks at labels/);
});

/** The labels that the network itself gives, so that all of its answers are right. */
function ownLabels(network: Network, pictures: Pictures): Uint32Array {
  const answers = referenceAnswers(network, referenceImages(pictures));
  return Uint32Array.from({ length: pictures.count }, (_, image) => {
    const own = [...answers.subarray(image * CLASSES, (image + 1) * CLASSES)];
    return own.indexOf(Math.max(...own));
  });
}

/** A random network whose answers are spread over all classes: its bias takes their means away. */
function spreadNetwork(pictures: Pictures): Network {
  const { weights } = randomNetwork(graph);
  const answers = referenceAnswers({ graph, weights }, referenceImages(pictures));
  const bias = weights.get('fc.bias');
  if (!bias) throw new Error('No bias.');
  const data = bias.data.map((value, label) => {
    const own = answers.filter((_, at) => at % CLASSES === label);
    return value - own.reduce((sum, answer) => sum + answer, 0) / pictures.count;
  });
  return { graph, weights: new Map(weights).set('fc.bias', { ...bias, data }) };
}

/** The channels of a unit by the size of their filters. */
function largestFilters({ weights }: Network, { name, channels }: Unit): number[] {
  const { data } = weights.get(`${name}.weight`) ?? { data: new Float32Array() };
  const length = data.length / channels;
  const sizes = Array.from({ length: channels }, (_, channel) =>
    data
      .subarray(channel * length, (channel + 1) * length)
      .reduce((sum, value) => sum + Math.abs(value), 0),
  );
  return [...sizes.keys()].sort((one, other) => (sizes[other] ?? 0) - (sizes[one] ?? 0));
}

test.each([
  ['l1', 0.5],
  ['l1', 0.02],
  ['network-loss', 0.02],
] as const)(
  'by %s a unit keeps as many channels as leave 0.95 of all and lose no more than %d',
  async (criterion, layerTolerance) => {
    const pictures = randomPictures();
    const network = spreadNetwork(pictures);
    const dense = foldBatchNorms(network);
    // By labels drawn by lot no answer is sure, and fewer channels are enough.
    const labels = criterion === 'l1' ? ownLabels(dense, pictures) : pictures.labels;
    const input: PruneInput = {
      network,
      calibration: { ...pictures, labels },
      preprocessing,
      options: {
        criterion,
        refit: 'none',
        sharing: 'measured',
        units: 'inner',
        budget: { of: 'multiplyAdds', share: 0.5 },
        layerTolerance,
        roundTo: 1,
        least: 1,
        seed: 4,
      },
    };
    const accuracyOf = (own: Network) => {
      const right = ownLabels(own, pictures).filter((label, image) => label === labels[image]);
      return right.length / pictures.count;
    };
    const networks = [network];
    const summary = await finalResult(pruneNetwork(device, input), (event) => {
      expect(event.type).not.toBe('budget');
      if (event.type === 'unit') networks.push(event.network);
    });
    expect(summary.budget).toEqual({ of: 'multiplyAdds', reached: expect.any(Number) });
    expect(summary.budget.reached).toBeLessThan(1);
    for (const [at, { unit: name, kept, channels }] of summary.units.entries()) {
      const [before, behind] = networks.slice(at, at + 2) as [Network, Network];
      const least = Math.max(0.95 * accuracyOf(dense), accuracyOf(before) - layerTolerance) - 1e-9;
      expect(accuracyOf(behind)).toBeGreaterThanOrEqual(least);
      if (criterion === 'l1') {
        const unit = unitOfNetwork(before, name);
        const order = largestFilters(before, unit);
        expect(kept).toEqual(order.slice(0, kept.length).sort((one, other) => one - other));
        const cut = { unit, kept: order.slice(0, kept.length - 1) };
        if (kept.length > 1) expect(accuracyOf(cutNetwork(before, [cut]))).toBeLessThan(least);
      } else if (at === 0) {
        using frontier = await frontierOfPictures(device, dense.graph, pictures, preprocessing);
        const place = { network: dense, frontier };
        const unit = unitOfNetwork(dense, name);
        const problem = { unit, place, labels, seed: input.options.seed };
        const { order } = await rankByNetworkLoss(device, problem);
        const [reading] = readingsOfUnit(dense.graph, inferShapes(dense.graph), unit);
        const enough = [...order.keys()].findIndex((picks) => {
          const cut = { unit, kept: [...order.subarray(0, picks + 1)] };
          const own = { weight: reading?.weight ?? '', taps: 1, channels: [...order] };
          const scaled = gated(dense, own, channels / (picks + 1));
          return accuracyOf(cutNetwork(scaled, [cut])) >= least;
        });
        expect(kept).toEqual([...order.subarray(0, enough + 1)].sort((one, other) => one - other));
      }
    }
    const { labels: _, ...calibration } = pictures;
    const unlabelled = finalResult(pruneNetwork(device, { ...input, calibration }));
    await expect(unlabelled).rejects.toThrow(/labels, and these pictures have none/);
  },
);

test('a network is trained on behind each unit but the last, and goes on from there', async () => {
  const before = device.liveBytes;
  const pictures = randomPictures();
  const network = randomNetwork(graph);
  const input = {
    network,
    calibration: pictures,
    preprocessing,
    options: {
      criterion: 'group',
      refit: 'weights',
      sharing: 'uniform',
      units: 'inner',
      budget: { of: 'parameters', share: 0.8 },
      roundTo: 1,
      least: 1,
      seed: 4,
    },
    between: { pictures, epochs: 0.1, learningRate: 0.01 },
  } as const;
  const units: Extract<PruneEvent, { type: 'unit' }>[] = [];
  const trained = await finalResult(pruneNetwork(device, input), (event) => {
    if (event.type === 'unit') units.push(event);
  });
  const [first] = units;
  if (!first) throw new Error('No unit was cut.');
  const { between: _, ...rest } = input;
  const alone = await finalResult(pruneNetwork(device, rest), (event) => {
    if (event.type !== 'unit' || event.unit !== first.unit) return;
    expect(event.kept).toEqual(first.kept);
    // A cut moves no bias that it leaves.
    expect(first.network.weights.get('fc.bias')).not.toEqual(event.network.weights.get('fc.bias'));
  });
  expect(trained.network).not.toEqual(alone.network);
  // Nothing is trained behind the last.
  expect(units.at(-1)?.network).toEqual(trained.network);
  const from = { curves: [], units: [first], network: first.network };
  const resumed = await finalResult(pruneNetwork(device, input, { from }));
  expect(resumed.network).toEqual(trained.network);
  expect(device.liveBytes).toBe(before);
});

test('taylor keeps the channels of the largest saliency, and says that it needs labels', async () => {
  const pictures = randomPictures();
  const network = randomNetwork(graph);
  const input: PruneInput = {
    network,
    calibration: pictures,
    preprocessing,
    options: {
      criterion: 'taylor',
      refit: 'none',
      sharing: 'uniform',
      units: 'inner',
      budget: { of: 'parameters', share: 0.7 },
      roundTo: 1,
      least: 1,
      seed: 0,
    },
  };
  const folded = foldBatchNorms(network);
  const units = findUnits(folded.graph).units.filter(({ kind }) => kind === 'inner');
  const saliency = await measureSaliency(device, { network: folded, units }, input);
  const { units: cut } = await finalResult(pruneNetwork(device, input));
  for (const { unit, kept, channels } of cut) {
    const values = saliency.get(unit) ?? new Float64Array();
    const order = Array.from({ length: channels }, (_, channel) => channel).sort(
      (one, other) => (values[other] ?? 0) - (values[one] ?? 0),
    );
    expect(kept.length).toBeLessThan(channels);
    expect(kept).toEqual(order.slice(0, kept.length).sort((one, other) => one - other));
  }
  const { labels: _, ...calibration } = pictures;
  await expect(finalResult(pruneNetwork(device, { ...input, calibration }))).rejects.toThrow(
    'The criterion taylor looks at labels, and these pictures have none. Use criterion group instead.',
  );
});
