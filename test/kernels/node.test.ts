import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Device, openDevice } from '../../src/gpu/device.js';
import { kernelCases } from './cases.js';

describe('kernels on Dawn', () => {
  let device: Device;
  beforeAll(async () => {
    const require = (await import('node:module')).createRequire(import.meta.url);
    process.env.VK_DRIVER_FILES = '/tmp/ground/cache/vk_swiftshader_icd.json';
    const { create } = require('/tmp/ground/cache/dawn.node');
    const gpu = create([]); (globalThis as any).keep = gpu; device = await openDevice(await gpu.requestAdapter());
  });
  afterAll(() => { device?.dispose(); (globalThis as any).keep = undefined; });
  for (const { name, run } of kernelCases) test(name, () => run(device));
});
