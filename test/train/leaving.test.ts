import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { uploadDataset } from '../../src/models/dataset.js';
import { evaluateTwoLayer } from '../../src/models/forward.js';
import { drawParameters, readParameters, uploadTwoLayer } from '../../src/models/two-layer.js';
import { residentActivations } from '../../src/prune/activations.js';
import { selectGreedily } from '../../src/prune/greedy.js';
import { advance, readTrainingState, startTraining } from '../../src/train/gradient-descent.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { randomNumbers } from '../kernels/case.js';

const [M, D, N] = [40, 5, 8];
const SHAPE = { width: N, inputs: D, outputs: 1, activation: 'tanh' } as const;
const OPTIONS = { batch: 7, learningRate: 0.5, momentum: 0.5, seed: 3 } as const;

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const dataset = (inputs = D, outputs = 1) =>
  uploadDataset(device, 'left', {
    count: M,
    inputs: randomNumbers(M * inputs, 1),
    targets: randomNumbers(M * outputs, 2),
  });

describe('a training that is left early goes on where it was', () => {
  const STEPS = 120;
  /** The weights after all steps, where `leave` has taken the first of them. */
  const weightsAfter = async (
    leave: (steps: (signal?: AbortSignal) => ReturnType<typeof advance>) => Promise<void>,
  ) => {
    using data = dataset();
    using network = uploadTwoLayer(device, drawParameters(SHAPE, 1));
    using training = startTraining(network, data, OPTIONS);
    await leave((signal) => advance(training, STEPS, signal));
    const { iteration } = await readTrainingState(training);
    for await (const _ of advance(training, STEPS));
    expect(training.iteration).toBe(STEPS);
    return { iteration, weights: await readParameters(network) };
  };

  test('by a break, by a signal, and before its first step', async () => {
    const whole = await weightsAfter(async () => undefined);
    expect(whole.iteration).toBe(0);
    const broken = await weightsAfter(async (steps) => {
      for await (const { iteration } of steps()) if (iteration === 25) break;
    });
    expect(broken.iteration).toBe(25);
    const aborter = new AbortController();
    const aborted = await weightsAfter(async (steps) => {
      const run = async () => {
        for await (const { iteration } of steps(aborter.signal))
          if (iteration === 50) aborter.abort();
      };
      await expect(run()).rejects.toMatchObject({ code: 'aborted' });
    });
    expect(aborted.iteration).toBe(50);
    const early = await weightsAfter(async (steps) => {
      await expect(steps(AbortSignal.abort()).next()).rejects.toMatchObject({ code: 'aborted' });
    });
    for (const { weights } of [broken, aborted, early]) expect(weights).toEqual(whole.weights);
    expect(device.liveBytes).toBe(0);
  });
});

test('a state of more steps than anyone draws again is left at the first word', async () => {
  using data = dataset();
  using network = uploadTwoLayer(device, drawParameters(SHAPE, 1));
  const state = { iteration: 1e11 };
  using training = startTraining(network, data, { ...OPTIONS, momentum: 0 }, state);
  const begin = performance.now();
  const steps = advance(training, 1e11 + 1, AbortSignal.timeout(100));
  await expect(steps.next()).rejects.toMatchObject({ code: 'aborted' });
  expect(performance.now() - begin).toBeLessThan(3000);
});

test('what does not belong together is refused, and leaves nothing on the device', async () => {
  const parameters = drawParameters(SHAPE, 1);
  expect(() => uploadTwoLayer(device, { ...parameters, output: new Float32Array(3) })).toThrow();
  const odd = { count: M, inputs: new Float32Array(197), targets: new Float32Array(M) };
  expect(() => uploadDataset(device, 'odd', odd)).toThrow(
    /197 inputs and 40 targets .* of the 40 odd examples/,
  );
  {
    using narrow = dataset(3);
    using many = dataset(D, 3);
    using network = uploadTwoLayer(device, parameters);
    const live = device.liveBytes;
    const refused = { code: 'bad-data', message: expect.stringMatching(/5 inputs to 1 outputs/) };
    for (const data of [narrow, many]) {
      await expect(evaluateTwoLayer(network, data, 'squared')).rejects.toMatchObject(refused);
      expect(() => startTraining(network, data, OPTIONS)).toThrow(/5 inputs to 1 outputs/);
    }
    const kept = {
      iteration: 3,
      velocity: { hidden: new Float32Array(2), output: new Float32Array(N) },
    };
    using fitting = dataset();
    const before = device.liveBytes;
    expect(() => startTraining(network, fitting, OPTIONS, kept)).toThrow();
    expect(() => startTraining(network, fitting, { ...OPTIONS, seed: 1.5 })).toThrow();
    expect(device.liveBytes).toBe(before);
    expect(before).toBeGreaterThan(live);
  }
  {
    using scope = new Scope(device);
    const activations = residentActivations(scope.chunkedMatrix('activations', [M, N]));
    const problem = {
      activations,
      weights: scope.matrix('weights', [N - 2, 1]),
      targets: scope.matrix('targets', [M, 1]),
      loss: 'squared',
    } as const;
    await expect(
      finalResult(selectGreedily(device, problem, { picks: 2, replacement: true })),
    ).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/\[40 × 8\], weights \[6 × 1\] and targets \[40 × 1\]/),
    });
  }
  expect(device.liveBytes).toBe(0);
});
