import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pictures } from '../../src/data/pictures.js';
import { PREPROCESSINGS, picturesAt } from '../../src/data/pictures.js';
import { READ_AHEAD } from '../../src/data/read-ahead.js';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { activation, convolution, linear } from '../../src/models/nodes.js';
import { randomStream } from '../../src/random.js';
import { evaluatePictures } from '../../src/train/evaluation.js';
import {
  type NetworkTrainingEvent,
  type NetworkTrainingOptions,
  type NetworkTrainingState,
  trainNetwork,
} from '../../src/train/network-training.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../graph/sample.js';
import { watchedPictures } from './watched-pictures.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const graph = buildArchitecture('resnet8', {
  input: { channels: 3, height: 8, width: 8 },
  classes: 3,
  width: 0.25,
});
const network = { graph, weights: drawWeights(graph, 1) };

/** Quick, and without batch norms. */
const chain = sampleGraph(
  [
    convolution('c1', 'input', { outputs: 5, kernel: 3, padding: 1 }),
    activation('a1', 'c1'),
    { kind: 'global-average-pool', name: 'mean', inputs: ['a1'] },
    linear('fc', 'mean', 3),
  ],
  { width: 8 },
);

/** Pictures whose class is the colour that is brightest. */
function colours(count: number): Pictures {
  const stream = randomStream(2, 'colours');
  const labels = Uint32Array.from({ length: count }, () => stream.below(3));
  const pixels = Uint8Array.from({ length: count * 192 }, (_, at) => {
    const bright = at % 3 === labels[Math.floor(at / 192)];
    return stream.below(128) + (bright ? 100 : 0);
  });
  return { count, height: 8, width: 8, channels: 3, pixels, labels };
}

const OPTIONS: NetworkTrainingOptions = {
  epochs: 4,
  batch: 8,
  learningRate: 0.05,
  schedule: 'cosine',
  momentum: 0.9,
  nesterov: true,
  weightDecay: 5e-4,
  augment: true,
  preprocessing: PREPROCESSINGS.cifar10,
  seed: 3,
};

/** Trains to the end, or until `enough`; gives the events and the state reached. */
async function train(
  options: NetworkTrainingOptions = OPTIONS,
  from?: NetworkTrainingState,
  enough: (event: NetworkTrainingEvent) => boolean = () => false,
) {
  const events: NetworkTrainingEvent[] = [];
  let state: NetworkTrainingState | undefined;
  const training = trainNetwork(device, network, colours(29), { ...options, from });
  for await (const event of training) {
    events.push(event);
    if (event.type === 'epoch') state = event.state;
    if (enough(event)) break;
  }
  if (!state) throw new Error('No state was yielded.');
  return { events, state };
}

const bits = ({ weights, velocities }: NetworkTrainingState) =>
  [...weights, ...velocities].map(([name, { data }]) => [
    name,
    Buffer.from(data.buffer).toString('hex'),
  ]);

describe('training a network', () => {
  test('learns, with the same bits for the same seed, and leaves nothing on the device', async () => {
    const before = device.liveBytes;
    const { events, state } = await train({ ...OPTIONS, epochs: 12 });
    const losses = events.flatMap((event) => (event.type === 'progress' ? [event.loss] : []));
    const mean = (values: readonly number[]) =>
      values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean(losses.slice(-4))).toBeLessThan(0.5 * mean(losses.slice(0, 4)));
    expect(state.step).toBe(12 * 4);
    for (const [name, { shape }] of state.weights) {
      expect([name, shape]).toEqual([name, network.weights.get(name)?.shape]);
    }
    expect(bits((await train()).state)).toEqual(bits((await train()).state));
    expect(device.liveBytes).toBe(before);
  });

  test('goes on from a state to the same bits', async () => {
    const whole = await train();
    const half = await train(
      OPTIONS,
      undefined,
      ({ epoch, type }) => type === 'epoch' && epoch === 2,
    );
    expect(bits((await train(OPTIONS, half.state)).state)).toEqual(bits(whole.state));
  });

  test('yields where it stood when it is aborted, in the middle of an epoch', async () => {
    const controller = new AbortController();
    const training = trainNetwork(device, network, colours(29), {
      ...OPTIONS,
      signal: controller.signal,
    });
    let state: NetworkTrainingState | undefined;
    const watch = async () => {
      for await (const event of training) {
        if (event.type === 'epoch') state = event.state;
        // Six steps are one epoch of four and a half.
        else if (event.step === 6) controller.abort();
      }
    };
    await expect(watch()).rejects.toMatchObject({ code: 'aborted' });
    if (!state) throw new Error('No state was yielded.');
    expect(state.step).toBeGreaterThanOrEqual(6);
    expect(bits((await train(OPTIONS, state)).state)).toEqual(bits((await train()).state));
  });

  test('a rate that diverges is stopped with a calmer one', async () => {
    await expect(train({ ...OPTIONS, learningRate: 1e12 })).rejects.toMatchObject({
      code: 'diverged',
      details: { key: 'learningRate', calmer: 2.5e11 },
    });
  });

  test('a network without batch norms has nothing to learn from itself, cropped and mirrored as it is', async () => {
    const own = randomNetwork(chain);
    const { labels: _, ...unlabelled } = colours(29);
    const teacher = { network: own, share: 1 };
    const options = { ...OPTIONS, weightDecay: 0, teacher };
    const course = trainNetwork(device, own, unlabelled, options);
    const state = await finalResult(course, (event) => {
      if (event.type !== 'progress') return;
      expect(Math.abs(event.loss)).toBeLessThan(1e-6);
      expect(event.accuracy).toBe(1);
    });
    for (const [name, { data }] of own.weights) {
      const found = state.weights.get(name)?.data ?? new Float32Array();
      data.forEach((value, at) => {
        expect(Math.abs(value - (found[at] ?? Number.NaN))).toBeLessThan(1e-5);
      });
    }
  });

  test('a network learns the answers of another one, alone or with the labels', async () => {
    const before = device.liveBytes;
    const { labels: _, ...unlabelled } = colours(29);
    const [own, taught] = [randomNetwork(chain, 1), randomNetwork(chain, 2)];
    const learn = async (pictures: Pictures, share: number) => {
      const options = { ...OPTIONS, teacher: { network: taught, share } };
      const losses: number[] = [];
      const state = await finalResult(trainNetwork(device, own, pictures, options), (event) => {
        if (event.type === 'progress') losses.push(event.loss);
      });
      return { state, fall: (losses.at(-1) ?? 0) / (losses[0] ?? 0) };
    };
    const alone = await learn(unlabelled, 1);
    expect(alone.fall).toBeLessThan(0.8);
    // Labels are not looked at where the answers alone are learned.
    expect(bits((await learn(colours(29), 1)).state)).toEqual(bits(alone.state));
    const both = await learn(colours(29), 0.5);
    expect(both.fall).toBeLessThan(0.9);
    expect(bits(both.state)).not.toEqual(bits(alone.state));
    await expect(learn(unlabelled, 0.5)).rejects.toThrow(/only distillation alone does without/);
    const small = randomNetwork(
      sampleGraph(
        [{ kind: 'global-average-pool', name: 'mean', inputs: ['input'] }, linear('fc', 'mean', 3)],
        { height: 4, width: 4 },
      ),
    );
    const options = { ...OPTIONS, teacher: { network: small, share: 1 } };
    await expect(trainNetwork(device, network, unlabelled, options).next()).rejects.toThrow(
      /takes pictures of 4 × 4 pixels/,
    );
    expect(device.liveBytes).toBe(before);
  });

  test('pictures without labels or of another size are refused before anything is allocated', async () => {
    const before = device.liveBytes;
    const { labels: _, ...unlabelled } = colours(9);
    const next = (pictures: Pictures) => trainNetwork(device, network, pictures, OPTIONS).next();
    await expect(next(unlabelled)).rejects.toThrow(/needs pictures with labels/);
    await expect(next({ ...colours(9), width: 4, height: 16 })).rejects.toThrow(/16 × 4|16 and 4/);
    expect(device.liveBytes).toBe(before);
  });
});

test('streamed pictures train and measure to the bits of held ones, a few minibatches in memory', async () => {
  const held = colours(29);
  const { pixels: _, ...set } = held;
  const read = async (indices: ArrayLike<number>) => picturesAt(held, indices).pixels;
  const { pictures: streamed, most } = watchedPictures({ ...set, read });
  const network = randomNetwork(chain);
  // Of many minibatches, few are all that may be in memory.
  const batch = 3;
  const options = { ...OPTIONS, epochs: 2, batch };
  const whole = await finalResult(trainNetwork(device, network, held, options));
  expect(await finalResult(trainNetwork(device, network, streamed, options))).toEqual(whole);
  // From within an epoch, too.
  let state: NetworkTrainingState | undefined;
  for await (const event of trainNetwork(device, network, streamed, { ...options, stops: [6] })) {
    if (event.type === 'epoch' && event.state.step === 6) {
      state = event.state;
      break;
    }
  }
  const rest = trainNetwork(
    device,
    network,
    picturesAt(
      streamed,
      Array.from({ length: 29 }, (_, i) => i),
    ),
    {
      ...{ ...options, from: state },
    },
  );
  expect(await finalResult(rest)).toEqual(whole);
  const { preprocessing } = OPTIONS;
  const measured = { preprocessing, batch, answers: true };
  const own = { ...network, weights: whole.weights };
  expect(await finalResult(evaluatePictures(device, own, streamed, measured))).toEqual(
    await finalResult(evaluatePictures(device, own, held, measured)),
  );
  expect(most()).toBe((READ_AHEAD + 1) * batch);
});
