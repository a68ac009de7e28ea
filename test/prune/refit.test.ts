import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { refitOutputs } from '../../src/prune/refit.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { drawSample, type Layout, type Sample, uploadSample } from './problems.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

/** ‖HW − Y‖² in float64. */
function residual({ examples: m, width: n, outputs, h, y }: Sample, w: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < m; j++) {
    for (let c = 0; c < outputs; c++) {
      let error = -y[j * outputs + c]!;
      for (let i = 0; i < n; i++) error += h[j * n + i]! * w[i * outputs + c]!;
      sum += error * error;
    }
  }
  return sum;
}

const refitted = async (sample: Sample, refit: 'scale' | 'weights', layout?: Layout) => {
  using scope = new Scope(device);
  return await refitOutputs(device, uploadSample(scope, sample, 'squared', layout), refit);
};

// What is best lies at the bottom of a bowl: a step in any direction, either way, goes up.
describe.each([
  ['one output', { examples: 61, width: 11, outputs: 1 }, 60, {}],
  ['several outputs', { examples: 47, width: 13, outputs: 3 }, 60, { rowsPerChunk: 17 }],
  ['one neuron', { examples: 5, width: 1, outputs: 10 }, 0, { rowsPerChunk: 2, streamed: true }],
] as const)('%s', (_, shape, steps, layout) => {
  const sample = drawSample(shape, steps);

  test('no other weights are nearer to the targets', async () => {
    const w = await refitted(sample, 'weights', layout);
    const least = residual(sample, w);
    expect(least).toBeLessThan(residual(sample, sample.b));
    for (let at = 0; at < w.length; at++) {
      for (const step of [-0.03, 0.03]) {
        const other = w.map((value, place) => (place === at ? value + step : value));
        expect(residual(sample, other), `weight ${at}`).toBeGreaterThan(least);
      }
    }
  });

  test('no other multiple of the weights is nearer', async () => {
    const w = await refitted(sample, 'scale', layout);
    const factor = w[0]! / sample.b[0]!;
    w.forEach((value, at) => {
      expect(value).toBeCloseTo(factor * sample.b[at]!, 12);
    });
    const least = residual(sample, w);
    for (const other of [0.999, 1.001]) {
      expect(
        residual(
          sample,
          w.map((value) => other * value),
        ),
      ).toBeGreaterThan(least);
    }
    expect(least).toBeGreaterThanOrEqual(residual(sample, await refitted(sample, 'weights')));
  });
});

test('neurons that say nothing get nothing', async () => {
  const sample = drawSample({ examples: 9, width: 3, outputs: 2 }, 0);
  const silent = { ...sample, h: sample.h.map(() => 0) };
  for (const refit of ['scale', 'weights'] as const) {
    expect((await refitted(silent, refit)).every((value) => value === 0)).toBe(true);
  }
});
