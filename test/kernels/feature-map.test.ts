import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { featureMap } from '../../src/kernels/feature-map.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';

describe('feature map', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  test('is as many images as the matrix holds', () => {
    using scope = new Scope(device);
    const matrix = scope.matrix('activations', [60, 3]);
    expect(featureMap(matrix, { height: 4, width: 5 })).toMatchObject({ matrix, images: 3 });
  });

  test('refuses a part of an image', () => {
    using scope = new Scope(device);
    const matrix = scope.matrix('activations', [61, 3]);
    expect(() => featureMap(matrix, { height: 4, width: 5 })).toThrow(/61 rows .* 4 × 5/);
  });
});
