import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPictureSource } from '../../../src/data/picture-folder.js';
import { PREPROCESSINGS, picturesAt } from '../../../src/data/pictures.js';
import { evaluateModel } from '../../../src/experiment/model/evaluate.js';
import { loadModel, usualPreprocessing } from '../../../src/experiment/model/model.js';
import { finalResult } from '../../../src/experiment/relay.js';
import { encodeWeights } from '../../../src/formats/weights.js';
import type { Device } from '../../../src/gpu/device.js';
import { buildArchitecture } from '../../../src/models/architectures.js';
import { drawWeights } from '../../../src/models/initial-weights.js';
import { evaluatePictures } from '../../../src/train/evaluation.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { isShared, sharedPath } from '../../shared.js';

/** How far float32 logits may lie off PyTorch's. */
const TOLERANCE = 1e-4;

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const ignore = async () => undefined;

/** Trained by this project. */
const RESNET8 = join(import.meta.dirname, '../../../demo/networks/resnet8-cifar10.safetensors');

describe('a model of random weights', () => {
  const graph = buildArchitecture('resnet8', { input: { channels: 3, height: 8, width: 8 } });
  const network = { graph, weights: drawWeights(graph, 1) };
  const pictures = {
    count: 5,
    height: 8,
    width: 8,
    channels: 3,
    pixels: Uint8Array.from({ length: 5 * 192 }, (_, at) => (at * 37) % 256),
    labels: Uint32Array.of(0, 3, 9, 1, 1),
  };
  const preprocessing = PREPROCESSINGS.unit;

  test('gives the same answers however its pictures are cut into minibatches', async () => {
    const answer = (batch: number) =>
      finalResult(
        evaluatePictures(device, network, pictures, { preprocessing, batch, answers: true }),
        ignore,
      );
    const [one, two] = [await answer(5), await answer(2)];
    expect(two.answers).toEqual(one.answers);
    expect(two.accuracy).toBe(one.accuracy);
    // The mean cross-entropy by its definition.
    const logits = [...(one.answers ?? [])];
    const losses = [...pictures.labels].map((label, image) => {
      const own = logits.slice(10 * image, 10 * image + 10);
      return Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (own[label] ?? 0);
    });
    const expected = losses.reduce((sum, loss) => sum + loss, 0) / 5;
    expect(one.loss).toBeCloseTo(expected, 5);
  });

  test('leaves nothing on the device, and says what it took', async () => {
    const before = device.liveBytes;
    const input = { network, pictures, preprocessing, batch: 2 };
    const summary = await finalResult(evaluateModel(device, input), ignore);
    expect(device.liveBytes).toBe(before);
    expect(summary.memory.peak).toBeGreaterThanOrEqual(summary.memory.maps);
    expect(summary.milliseconds.map(({ batch }) => batch)).toEqual([1, 32]);
  });

  test('pictures without labels are answered and not judged', async () => {
    const { labels: _, ...unlabelled } = pictures;
    const input = { network, pictures: unlabelled, preprocessing, batch: 5 };
    const summary = await finalResult(evaluateModel(device, input), ignore);
    expect(summary).not.toHaveProperty('accuracy');
  });

  test('expects the pixels that its usual weights were trained on', () => {
    const expected = (name: string, stem: 'cifar' | 'imagenet') =>
      usualPreprocessing(buildArchitecture(name, { stem }));
    expect(expected('resnet56', 'cifar')).toBe(PREPROCESSINGS.imagenet);
    expect(expected('resnet34', 'imagenet')).toBe(PREPROCESSINGS.imagenet);
    expect(expected('resnet34', 'cifar')).toBe(PREPROCESSINGS.cifar10);
    expect(expected('resnet8', 'cifar')).toBe(PREPROCESSINGS.cifar10);
  });

  test('is known by its weights, and refused with what would fit', () => {
    // At its usual size the names and shapes say which network it is.
    const usual = buildArchitecture('resnet8');
    const bytes = encodeWeights({ weights: drawWeights(usual, 1) });
    expect(loadModel(bytes, 'net.safetensors').architecture).toBe('resnet8');
    expect(() => loadModel(bytes, 'net.safetensors', { architecture: 'resnet20' })).toThrow(
      /not those of resnet20.*those of resnet8/s,
    );
  });
});

describe.runIf(isShared)('a trained network', () => {
  test.each(['resnet20-12fca82f', 'resnet56-4bfd9763'])(
    '%s: logits as in PyTorch',
    async (file) => {
      const { network } = loadModel(readFileSync(sharedPath(`models/${file}.th`)), file);
      const { test: pictures } = await readPictureSource(sharedPath('data/cifar10-small'));
      const first = picturesAt(pictures, [0, 1, 2, 3, 4, 5, 6, 7]);
      const { answers = [] } = await finalResult(
        evaluatePictures(device, network, first, {
          preprocessing: PREPROCESSINGS.imagenet,
          answers: true,
        }),
        ignore,
      );
      const name = file.split('-')[0] ?? '';
      const expected = JSON.parse(readFileSync(sharedPath('models/expected.json'), 'utf8'));
      const logits: readonly number[] = expected[name].logits.flat();
      logits.forEach((logit, at) => {
        expect(Math.abs((answers[at] ?? Number.NaN) - logit)).toBeLessThan(TOLERANCE);
      });
    },
  );

  // Of resnet20 as many as in ONNX Runtime of what PyTorch exported; of resnet8 as the command line
  // counted after training. No two largest logits lie so close that rounding would decide.
  test.each([
    ['resnet20', sharedPath('models/resnet20-12fca82f.th'), 455],
    ['resnet8', RESNET8, 410],
  ])('%s has its share of 500 pictures right', async (name, file, right) => {
    const model = loadModel(readFileSync(file), file);
    expect(model.architecture).toBe(name);
    const { test: pictures } = await readPictureSource(sharedPath('data/cifar10-small'));
    const first = picturesAt(pictures, [...Array(500).keys()]);
    const { preprocessing } = model;
    const { accuracy = 0, answers } = await finalResult(
      evaluatePictures(device, model.network, first, { preprocessing, answers: true }),
      ignore,
    );
    expect(500 * accuracy).toBeCloseTo(right, 6);
    const leads = Array.from({ length: 500 }, (_, image) => {
      const [most = 0, next = 0] = answers!
        .slice(10 * image, 10 * image + 10)
        .sort()
        .reverse();
      return most - next;
    });
    expect(Math.min(...leads)).toBeGreaterThan(2 * TOLERANCE);
  });
});
