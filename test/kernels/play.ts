import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import type { KernelCase } from './case.js';

/** A test for each case, all on one device of Node's. */
export function playOnNode(what: string, cases: readonly KernelCase[]): void {
  describe(`kernels on Node's Dawn, ${what}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await sharedDevice();
    });
    afterAll(requireNothingLeft);

    for (const { name, run } of cases) {
      test(name, async () => {
        await run(device);
        device.check();
      });
    }
  });
}
