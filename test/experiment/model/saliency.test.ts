import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pictures, PREPROCESSINGS } from '../../../src/data/pictures.js';
import { readingsOfUnit } from '../../../src/experiment/model/prune/consumers.js';
import type { PruneInput } from '../../../src/experiment/model/prune/events.js';
import { pruneNetwork } from '../../../src/experiment/model/prune/prune.js';
import { measureSaliency } from '../../../src/experiment/model/prune/saliency.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { foldBatchNorms } from '../../../src/graph/fold.js';
import { inferShapes } from '../../../src/graph/shapes.js';
import { findUnits } from '../../../src/graph/units.js';
import type { Network } from '../../../src/graph/weights.js';
import { activation, batchNorm, convolution, linear } from '../../../src/models/nodes.js';
import { randomStream } from '../../../src/random.js';
import { type ReferenceMaps, referenceAnswers } from '../../../src/reference/network.js';
import { freshDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

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
    const expected = reading.positions.map((channels) => {
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
