import { expect } from 'vitest';
import type { Device, OpenOptions } from '../../src/gpu/device.js';
import type { KernelRecord } from '../../src/gpu/kernel.js';
import { openNodeDevice } from '../../src/hosts/node.js';

let shared: Promise<Device> | undefined;

/** The device of all tests of this process, so that each kernel is compiled once there. */
export async function sharedDevice(): Promise<Device> {
  shared ??= openNodeDevice();
  return await shared;
}

/** What a file does at its end: nothing of it stays on the shared device, no error either. */
export async function requireNothingLeft(): Promise<void> {
  const device = await shared;
  device?.check();
  expect(device?.liveBytes ?? 0, 'bytes that a test left on the device').toBe(0);
}

/** A device of its own, for tests that break theirs. */
export async function freshDevice(options?: OpenOptions): Promise<Device> {
  return openNodeDevice('auto', options);
}

/** Adds `by` to one word a workgroup: the smallest kernel that shows which workgroups ran. */
export const ADD = {
  name: 'add',
  bindings: { words: ['read_write', 'u32'] },
  uniforms: { count: 'u32', by: 'u32', scale: 'f32' },
  workgroupSize: [1, 1],
  body: `
fn kernel(workgroup: u32, local: u32) {
  if (workgroup < params.count) { words[workgroup] += params.by * u32(params.scale); }
}`,
} as const satisfies KernelRecord;
