import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Pictures } from '../../../src/data/pictures.js';
import type { EspalierError } from '../../../src/errors.js';
import {
  type TrainEvent,
  type TrainInput,
  trainModel,
} from '../../../src/experiment/model/train.js';
import { finalResult } from '../../../src/experiment/relay.js';
import { adoptDevice, type Device } from '../../../src/gpu/device.js';
import type { Graph, Node } from '../../../src/graph/graph.js';
import { listParameters } from '../../../src/graph/parameters.js';
import type { Weight } from '../../../src/graph/weights.js';
import { openNodeAdapter } from '../../../src/hosts/node.js';
import { createPace } from '../../../src/hosts/pace.js';
import { drawWeights } from '../../../src/models/initial-weights.js';
import { activation, batchNorm, convolution, linear } from '../../../src/models/nodes.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { sampleGraph } from '../../graph/sample.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

/** The smallest network that has every kind of parameter. */
function tinyGraph({ filters = 2, side = 4, kernel = 3 } = {}) {
  const nodes: readonly Node[] = [
    convolution('conv', 'input', { outputs: filters, kernel, padding: (kernel - 1) / 2 }),
    batchNorm('norm', 'conv'),
    activation('relu', 'norm'),
    { kind: 'global-average-pool', name: 'pool', inputs: ['relu'] },
    linear('fc', 'pool', 2),
  ];
  return sampleGraph(nodes, { channels: 1, height: side, width: side });
}

function greys(count: number, side = 4): Pictures {
  const size = { channels: 1, height: side, width: side };
  const pixels = new Uint8Array(count * side * side).fill(200);
  return { ...size, count, pixels, labels: Uint32Array.from({ length: count }, (_, at) => at % 2) };
}

const preprocessing = { mean: [0.5], deviation: [0.25] };
const graph = tinyGraph();
const INPUT: TrainInput = {
  network: { graph, weights: drawWeights(graph, 1) },
  source: { train: greys(7), test: greys(5) },
  options: { epochs: 2, batch: 3, preprocessing },
  checkpoints: [0, 1],
};

test('a hundred trainings, however they end, leave live bytes where they were', async () => {
  const before = device.liveBytes;
  const ends: Record<string, number> = {};
  const settle = async (input: TrainInput, stopAt?: number, how?: 'break' | 'abort') => {
    const controller = new AbortController();
    let seen = 0;
    const drive = async () => {
      for await (const _ of trainModel(device, input, controller.signal)) {
        if (seen++ !== stopAt) continue;
        if (how === 'break') return 'broken off';
        controller.abort();
      }
      return 'done';
    };
    const end = await drive().catch(({ code }: EspalierError) => code);
    ends[end] = (ends[end] ?? 0) + 1;
    expect(device.liveBytes).toBe(before);
  };
  const diverging = { ...INPUT, options: { ...INPUT.options, learningRate: 1e30 } };
  const { labels: _, ...unlabelled } = greys(7);
  const refused = { ...INPUT, source: { ...INPUT.source, train: unlabelled } };
  for (let round = 0; round < 20; round++) {
    await settle(INPUT);
    await settle(diverging);
    await settle(refused);
    // Another event each round, so that each is the last one at some time.
    await settle(INPUT, round % 8, 'break');
    await settle(INPUT, round % 8, 'abort');
  }
  const mismatched = { ...INPUT, source: { ...INPUT.source, test: greys(5, 3) } };
  await settle(mismatched);
  expect(ends).toEqual({
    done: 20,
    diverged: 20,
    'bad-data': 21,
    'broken off': 20,
    aborted: 20,
  });
});

test('a training that is aborted as it is measured has yielded its state', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const training = trainModel(device, INPUT, signal);
  const states: Extract<TrainEvent, { type: 'checkpoint' }>[] = [];
  const watch = async () => {
    for await (const event of training) {
      if (event.type === 'checkpoint') states.push(event);
      // The last step of the first epoch, behind which it is measured.
      else if (event.step === 3) controller.abort();
    }
  };
  await expect(watch()).rejects.toMatchObject({ code: 'aborted' });
  expect(states.slice(0, 2).map(({ epoch, figures }) => [epoch, figures !== undefined])).toEqual([
    [0, true],
    [1, false],
  ]);
});

test('what the adapter cannot bind is refused with what fits, before anything is allocated', async () => {
  const adapter = await openNodeAdapter();
  // WebGPU's default limits: 128 MiB a binding.
  const raw = await adapter.requestDevice();
  const small = adoptDevice(raw, adapter, { pace: createPace(0.5) });
  onTestFinished(() => {
    small.dispose();
    raw.destroy();
  });
  const refusal = async (graph: Graph, given: Partial<TrainInput> = {}) => {
    const zeros = listParameters(graph).map(({ name, shape }): [string, Weight] => {
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }];
    });
    const network = { graph, weights: new Map(zeros) };
    const error = await finalResult(
      trainModel(small, { ...INPUT, checkpoints: [], ...given, network }),
    ).then(
      () => undefined,
      (thrown: EspalierError) => thrown,
    );
    expect(error?.code).toBe('limit-exceeded');
    expect(small.peakBytes).toBe(0);
    return error?.details;
  };
  // A picture of 1 MiB, whose maps of four channels take 16.
  const side = 1024;
  const source = (count: number) => ({ train: greys(count, side), test: greys(1, side) });
  const large = tinyGraph({ filters: 4, side });
  expect(await refusal(large, { source: source(128) })).toMatchObject({
    key: 'examples',
    given: 128,
    fits: 127,
  });
  const options = { ...INPUT.options, batch: 9 };
  expect(await refusal(large, { source: source(9), options })).toMatchObject({
    key: 'batch',
    given: 9,
    fits: 8,
  });
  // 225 taps of a channel, padded to four, for each of the filters.
  expect(await refusal(tinyGraph({ filters: 37_600, kernel: 15 }))).toMatchObject({
    what: '"conv.weight"',
    unit: 'rows',
    given: 900,
    fits: 892,
  });
});
