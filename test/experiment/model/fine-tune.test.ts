import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AnyPictures, type Pictures, PREPROCESSINGS } from '../../../src/data/pictures.js';
import { parsePruneConfig } from '../../../src/experiment/model/prune/config.js';
import { pruneModel } from '../../../src/experiment/model/prune/model.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { activation, convolution, linear } from '../../../src/models/nodes.js';
import { randomStream } from '../../../src/random.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';
import { streamed } from './random-pictures.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const graph = sampleGraph([
  convolution('c1', 'input', { outputs: 5, kernel: 3, padding: 1 }),
  activation('a1', 'c1'),
  { kind: 'global-average-pool', name: 'mean', inputs: ['a1'] },
  linear('fc', 'mean', 3),
]);

function pictures(count: number, seed: number): Pictures {
  const stream = randomStream(seed, 'pictures');
  const pixels = Uint8Array.from({ length: count * 8 * 9 * 3 }, () => stream.below(256));
  const labels = Uint32Array.from({ length: count }, () => stream.below(3));
  return { count, channels: 3, height: 8, width: 9, pixels, labels };
}

/** What a pruning with these settings ends with, and how many times each network told of its training. */
async function prune(
  train: AnyPictures,
  settings: Readonly<Record<string, unknown>>,
  own = graph,
  test: AnyPictures = pictures(7, 2),
) {
  const told = new Map<string, number>();
  const summary = await finalResult(
    pruneModel(device, {
      network: randomNetwork(own),
      preprocessing: PREPROCESSINGS.cifar10,
      train,
      test,
      config: parsePruneConfig({ budgets: 'uniform', ...settings }),
    }),
    (event) => {
      if (event.type !== 'progress' || event.phase !== 'fine-tuning') return;
      told.set(event.unit, 1 + (told.get(event.unit) ?? 0));
    },
  );
  return { summary, told };
}

describe('fine-tuning a pruned network', () => {
  const { labels: _, ...unlabelled } = pictures(11, 1);

  test('by the answers of the dense one needs no labels, and leaves nothing on the device', async () => {
    const before = device.liveBytes;
    const { summary, told } = await prune(unlabelled, { fineTune: 2, distil: 1, controls: true });
    const { pruned, fineTuned, fromScratch } = summary;
    expect(summary.network.graph.nodes).toHaveLength(graph.nodes.length);
    expect(pruned.parameters).toBeLessThan(summary.dense.parameters);
    expect(fineTuned?.parameters).toBe(pruned.parameters);
    expect(fromScratch?.parameters).toBe(pruned.parameters);
    // The dense network could only learn what it knows.
    expect(summary.denseFineTuned).toBeUndefined();
    expect([...told.keys()]).toEqual(['pruned', 'from scratch']);
    expect(device.liveBytes).toBe(before);
  });

  test('is compared with the dense one trained for as long, and one from scratch for the total', async () => {
    const settings = { fineTune: 1, distil: 0.5, controls: true, preTrained: 2 };
    const { summary, told } = await prune(pictures(11, 1), settings);
    const of = (name: string) => told.get(name) ?? 0;
    expect(of('dense')).toBe(of('pruned'));
    expect(of('from scratch')).toBe(3 * of('pruned'));
    expect(summary.denseFineTuned?.parameters).toBe(summary.dense.parameters);
    expect(summary.denseFineTuned?.loss).not.toBe(summary.dense.loss);
    expect(summary.fineTuned?.loss).not.toBe(summary.pruned.loss);
  });

  test('is compared with networks that have the steps between its units, too', async () => {
    const settings = { fineTune: 1, controls: true, preTrained: 2, trainBetween: 1 };
    const chain = sampleGraph([
      convolution('c1', 'input', { outputs: 5, kernel: 3, padding: 1 }),
      convolution('c2', 'c1', { outputs: 6, kernel: 1 }),
      { kind: 'global-average-pool', name: 'mean', inputs: ['c2'] },
      linear('fc', 'mean', 3),
    ]);
    const { summary, told } = await prune(pictures(11, 1), settings, chain);
    // The pictures are one minibatch: a step behind each unit that lost channels, but for the last.
    const between = summary.units
      .slice(0, -1)
      .filter(({ kept, channels }) => kept.length < channels).length;
    expect(between).toBeGreaterThan(0);
    const of = (name: string) => told.get(name) ?? 0;
    expect(of('dense')).toBe((1 + between) * of('pruned'));
    expect(of('from scratch')).toBe((3 + between) * of('pruned'));
  });

  test('gives the same of streamed pictures', async () => {
    const settings = { calibration: 6, fineTune: 1, distil: 0.5, controls: true };
    const [train, test] = [pictures(11, 1), pictures(7, 2)];
    const { summary } = await prune(train, settings);
    const { summary: own } = await prune(streamed(train), settings, graph, streamed(test));
    expect(own.network).toEqual(summary.network);
    expect(own).toMatchObject({ divergence: summary.divergence, units: summary.units });
    for (const side of ['dense', 'pruned', 'fineTuned', 'denseFineTuned', 'fromScratch'] as const) {
      const { accuracy, loss } = summary[side]!;
      expect(own[side]).toMatchObject({ accuracy, loss });
    }
  });

  test('by labels is refused before any work where there are none', async () => {
    for (const distil of [0, 0.5]) {
      await expect(prune(unlabelled, { fineTune: 1, distil })).rejects.toThrow(
        'Fine-tuning learns from labels, and these pictures have none. Use distil 1 instead.',
      );
    }
    await expect(prune(unlabelled, { trainBetween: 0.1 })).rejects.toThrow(
      'Training between units learns from labels, and these pictures have none. Use trainBetween 0 instead.',
    );
    await expect(prune(unlabelled, { layerTolerance: 0 })).rejects.toThrow(
      'What a unit costs of the accuracy is seen by labels, and these pictures have none. Use flops 0.5 instead.',
    );
  });

  test('settings that go with fine-tuning alone are refused without it', () => {
    for (const settings of [{ controls: true }, { distil: 1 }]) {
      expect(() => parsePruneConfig(settings)).toThrow(
        /fineTune must be a number of epochs from 1 on, not 0/,
      );
    }
    expect(() => parsePruneConfig({ fineTune: 1, distil: 1.5 })).toThrow(
      /distil must be a share from 0 to 1, not 1.5/,
    );
    expect(() => parsePruneConfig({ layerTolerance: 1 })).toThrow(
      /layerTolerance must be a share from 0 on, and below 1, not 1/,
    );
    expect(() => parsePruneConfig({ layerTolerance: 0.02, latency: 0.5 })).toThrow(
      /latency 0.5 does not go with layerTolerance 0.02: one of them says how much is cut/,
    );
    expect(() => parsePruneConfig({ trainBetween: -1 })).toThrow(
      /trainBetween must be a number of epochs from 0 on, not -1/,
    );
  });
});
