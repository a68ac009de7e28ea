import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { drawExamples, type Examples } from '../../src/experiment/examples.js';
import { openExperiment } from '../../src/experiment/experiment.js';
import { finalResult } from '../../src/experiment/relay.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { pickFrom } from '../../src/experiment/select.js';
import type { Device } from '../../src/gpu/device.js';
import {
  drawParameters,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../../src/models/two-layer.js';
import { METHODS, type MethodName } from '../../src/prune/choices.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

const M = 70;

let root: string;
let device: Device;
let examples: Examples;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-choose-'));
  const data = await writeSource(root, { rows: 3, columns: 5, train: M, test: 3 });
  device = await sharedDevice();
  examples = drawExamples(await readImageSource(data), M, 0);
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

/** A network as drawn, but for the output weight of neuron 2 where it is given. */
function networkWith(weight?: number): TwoLayerParameters {
  const parameters = drawParameters({ width: 9, inputs: 16, outputs: 1, activation: 'tanh' }, 0);
  if (weight !== undefined) parameters.output[2] = weight;
  return parameters;
}

/** Picks from a network that has been trained for 40 steps to a loss of 0.5. */
async function pick(parameters: TwoLayerParameters, method: MethodName, given: object) {
  const config = parseRunConfig({ width: 9, examples: M, ...given });
  using experiment = await openExperiment(device, config, examples);
  using network = uploadTwoLayer(device, parameters);
  const dense = { network, parameters, trainingLoss: 0.5, iteration: 40 };
  return await finalResult(pickFrom(experiment, dense, { ...config, method }));
}

describe('neurons of a network of one’s own training', () => {
  test.each(METHODS)('whose numbers ran out: it diverged, by %s', async (method) => {
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const live = device.liveBytes;
      const picking = pick(networkWith(weight), method, { picks: 9, learningRate: 2 });
      await expect(picking).rejects.toMatchObject({
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
    const live = device.liveBytes;
    const choose = (more: object) =>
      pick(parameters, 'greedy', { picks: 9, activation: 'relu', ...more });
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
    const choose = (storage: string) =>
      pick(networkWith(), method, { picks: 9, replacement: false, storage });
    // All nine of nine are the same in the end, by whatever way.
    const [halves, floats] = [await choose('f16'), await choose('f32')];
    expect(halves.loss[8]).toBeCloseTo(floats.loss[8] ?? 0, 6);
    expect(halves.passes).toBe(floats.passes);
  });

  test('of two targets the lower is to be reached', async () => {
    const choose = (targets: object) =>
      pick(networkWith(), 'greedy', { picks: 30, rule: 'line-search', ...targets });
    const { loss } = await choose({});
    const [early = 0, late = 0] = [loss[1], loss[4]];
    expect(late).toBeLessThan(early);
    const lengths = await Promise.all(
      [
        { targetLoss: early },
        { targetLoss: late },
        { targetLoss: late, targetFraction: 2 * early },
        { targetLoss: early, targetFraction: 2 * late },
      ].map(async (targets) => (await choose(targets)).selected.length),
    );
    expect(lengths).toEqual([2, 5, 5, 5]);
  });
});
