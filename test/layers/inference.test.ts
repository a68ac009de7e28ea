import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareInference } from '../../src/layers/inference.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { randomImages, randomNetwork, relativeDifference } from '../graph/sample.js';
import { uploadImages } from './networks.js';

/** How far float32 answers may lie off, by the largest of them. */
const TOLERANCE = 1e-4;

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

describe('a whole network answers as float64 does', () => {
  test.each([
    ['resnet8', { input: { channels: 3, height: 9, width: 11 } }],
    ['resnet20', { input: { channels: 3, height: 10, width: 9 }, width: 0.5 }],
    ['mobilenet-v2', { input: { channels: 3, height: 8, width: 9 }, width: 0.1 }],
    ['vgg16', { input: { channels: 3, height: 32, width: 32 }, width: 0.05 }],
  ] as const)('%s %j', async (name, options) => {
    const network = randomNetwork(buildArchitecture(name, options));
    const images = randomImages(network.graph, 3);
    using inference = await prepareInference(device, network, { images: 4 });
    uploadImages(inference.input, images);
    const commands = new Commands(device);
    inference.encode(commands, 3);
    await commands.finish();
    const expected = referenceAnswers(network, images);
    const answers = (await readMatrix(inference.output.matrix)).subarray(0, expected.length);
    expect(relativeDifference(expected, Float64Array.from(answers))).toBeLessThan(TOLERANCE);
  });
});
