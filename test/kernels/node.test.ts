import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { openNodeDevice } from '../../src/hosts/node.js';
import { kernelCases } from './cases.js';

describe("kernels on Node's Dawn", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openNodeDevice();
  });
  afterAll(() => device?.dispose());

  test.each(kernelCases)('$name', async ({ run }) => {
    await run(device);
    device.check();
  });
});
