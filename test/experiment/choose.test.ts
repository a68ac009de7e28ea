import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { chooseNeurons } from '../../src/experiment/choose.js';
import { drawExamples, uploadImages } from '../../src/experiment/examples.js';
import { finalResult } from '../../src/experiment/relayed.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { Device } from '../../src/gpu/device.js';
import { openNodeDevice } from '../../src/hosts/node.js';
import type { Dataset } from '../../src/models/dataset.js';
import { drawParameters, type Network, uploadNetwork } from '../../src/models/two-layer.js';
import { METHODS } from '../../src/prune/methods.js';
import { writeSource } from './source.js';

const M = 70;

let root: string;
let device: Device;
let train: Dataset;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-choose-'));
  const data = await writeSource(root, { rows: 3, columns: 5, train: M, test: 3 });
  device = await openNodeDevice();
  train = uploadImages(
    device,
    'training',
    drawExamples(await readImageSource(data), M, 0).train,
    'below-five',
  );
});
afterAll(async () => {
  device?.dispose();
  await rm(root, { recursive: true });
});

/** A network as drawn, but for the output weight of neuron 2 where it is given. */
function networkWith(weight?: number): Network {
  const parameters = drawParameters({ width: 9, inputs: 16, outputs: 1, activation: 'tanh' }, 0);
  if (weight !== undefined) parameters.output[2] = weight;
  return uploadNetwork(device, parameters);
}

describe('neurons of a network of one’s own training', () => {
  test.each(METHODS)('whose numbers ran out: it diverged, by %s', async (method) => {
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY]) {
      using network = networkWith(weight);
      const live = device.liveBytes;
      const dense = { network, train, trainingLoss: 1, iteration: 40 };
      const config = parseRunConfig({ picks: 9, width: 9, learningRate: 2, examples: M });
      await expect(finalResult(chooseNeurons(dense, method, config))).rejects.toMatchObject({
        code: 'diverged',
        message: expect.stringMatching(/at iteration 40\. Try learningRate 0\.5\.$/),
        cause: { code: 'bad-data' },
      });
      expect(device.liveBytes).toBe(live);
    }
  });

  test('that float16 cannot hold: its storage is named, and f32 picks on', async () => {
    const parameters = drawParameters({ width: 9, inputs: 16, outputs: 1, activation: 'relu' }, 0);
    parameters.hidden.fill(1e5, 2 * 16, 3 * 16);
    using network = uploadNetwork(device, parameters);
    const live = device.liveBytes;
    const dense = { network, train, trainingLoss: 1, iteration: 40 };
    const given = { picks: 9, width: 9, examples: M, activation: 'relu' };
    const choose = (more: object) =>
      finalResult(chooseNeurons(dense, 'greedy', parseRunConfig({ ...given, ...more })));
    const wishes = [{}, { oracle: 'direct' }, { oracle: 'gram', streamActivations: true }];
    for (const wish of wishes) {
      await expect(choose({ ...wish, storage: 'f16' })).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/not finite: .* Use storage f32 instead\.$/),
      });
      expect((await choose(wish)).selected).toHaveLength(9);
    }
    expect(device.liveBytes).toBe(live);
  });

  test.each(METHODS)('in float16: losses as without, by %s', async (method) => {
    using network = networkWith();
    const dense = { network, train, trainingLoss: 1, iteration: 40 };
    const given = { picks: 9, width: 9, examples: M, replacement: false };
    const choose = (storage: string) =>
      finalResult(chooseNeurons(dense, method, parseRunConfig({ ...given, storage })));
    // All nine of nine are the same in the end, by whatever way.
    const [halves, floats] = [await choose('f16'), await choose('f32')];
    expect(halves.loss[8]).toBeCloseTo(floats.loss[8] ?? 0, 6);
    expect(halves.passes).toBe(floats.passes);
  });

  test('of two targets the lower is to be reached', async () => {
    using network = networkWith();
    const pick = (targets: object) => {
      const config = parseRunConfig({
        picks: 30,
        width: 9,
        examples: M,
        rule: 'line-search',
        ...targets,
      });
      return finalResult(
        chooseNeurons({ network, train, trainingLoss: 0.5, iteration: 0 }, 'greedy', config),
      );
    };
    const { loss } = await pick({});
    const [early = 0, late = 0] = [loss[1], loss[4]];
    expect(late).toBeLessThan(early);
    const lengths = await Promise.all(
      [
        { targetLoss: early },
        { targetLoss: late },
        { targetLoss: late, targetFraction: 2 * early },
        { targetLoss: early, targetFraction: 2 * late },
      ].map(async (targets) => (await pick(targets)).selected.length),
    );
    expect(lengths).toEqual([2, 5, 5, 5]);
  });
});
