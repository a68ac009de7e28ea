import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BenchEvent, bench } from '../../bench/bench.js';
import type { Peer } from '../../bench/peers/peer.js';
import type { Device } from '../../src/gpu/device.js';
import { freshDevice } from '../gpu/probe.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

const idle = { run: async () => undefined, [Symbol.dispose]: () => undefined };

/** It answers nought, and does not step. */
const sleeper: Peer = {
  subject: 'tfjs',
  package: 'tfjs',
  open: async () => device.raw,
  works: {
    fastest: {
      networkForward: async ({ images }) => ({
        ...idle,
        answer: async () => new Float32Array(10 * images),
      }),
      networkStep: async ({ weights }) => ({ ...idle, answer: async () => weights }),
    },
  },
};

test('a ResNet-20 answers and steps as in float64, and one that does not is refused', async () => {
  const names = ['resnet20-forward', 'resnet20-step'];
  const request = { names, shape: { size: 8 }, quick: true };
  const events: BenchEvent[] = [];
  const input = { request, source: undefined };
  for await (const event of bench(device, input, { peers: [sleeper] })) events.push(event);
  const verified = events.flatMap((event) => (event.type === 'verified' ? [event.entry] : []));
  expect(verified.map(({ subject }) => subject)).toEqual(['espalier', 'espalier']);
  const refused = events.flatMap((event) =>
    event.type === 'refused' ? [[event.result.subject, event.reason]] : [],
  );
  expect(refused).toEqual([
    ['tfjs', expect.stringMatching(/^logit 0 of image 0 is 0/)],
    ['tfjs', expect.stringMatching(/^the gradient is 0 along/)],
  ]);
  expect(events.filter(({ type }) => type === 'measured')).toHaveLength(2);
});
