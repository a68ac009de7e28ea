import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { bufferFrom, createBuffer, readUints } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { adoptDevice, type Device } from '../../src/gpu/device.js';
import { type KernelRecord, prepareKernel } from '../../src/gpu/kernel.js';
import { openNodeAdapter } from '../../src/hosts/node.js';
import { ADD, freshDevice } from './probe.js';

async function opened(): Promise<Device> {
  const device = await freshDevice();
  onTestFinished(() => device.dispose());
  return device;
}

/** Encodes and runs one dispatch of ADD, to show that a device works. */
async function addOne(device: Device): Promise<void> {
  using buffer = bufferFrom(device, 'words', Uint32Array.of(41));
  const kernel = await prepareKernel(device, ADD, { words: buffer });
  const commands = new Commands(device);
  commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 1);
  await commands.finish();
  expect(await readUints(buffer)).toEqual(Uint32Array.of(42));
}

/** A copy past a buffer's end, which WebGPU reports after the call. */
function misuse(device: Device): void {
  using buffer = createBuffer(device, 'short', 1);
  device.scoped('Copying too much', () => {
    const encoder = device.raw.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer.raw, 0, device.uniformRing, 0, 400);
    device.raw.queue.submit([encoder.finish()]);
  });
}

describe('a kernel', () => {
  const broken = (body: string): KernelRecord => ({ ...ADD, name: 'broken-kernel', body });

  test.each([
    ['a name that does not exist', 'fn kernel(a: u32, b: u32) {\n  words[a] = nowhere;\n}'],
    ['a syntax error', 'fn kernel(a: u32, b: u32) {\n  words[a] = = nowhere;\n}'],
    [
      'a type error',
      'fn kernel(a: u32, b: u32) {\n  words[a] = 1.5 * f32(nowhere());\n}\nfn nowhere() -> u32 { return 1u; }',
    ],
  ])('with %s names itself and the line', async (_, body) => {
    const device = await opened();
    using words = createBuffer(device, 'words', 4);
    const preparing = prepareKernel(device, broken(body), { words });
    await expect(preparing).rejects.toMatchObject({
      code: 'shader',
      message: expect.stringMatching(/broken-kernel, line \d+: .*in "words\[a\] = .*nowhere/s),
    });
    // One bad kernel is no reason to give the device up.
    await addOne(device);
  });

  test('that binds too much is refused with both numbers', async () => {
    const device = await opened();
    const allowed = device.limits.maxStorageBuffersPerShaderStage;
    using words = createBuffer(device, 'words', 4);
    const names = Array.from({ length: allowed + 1 }, (_, i) => `b${i}`);
    const preparing = prepareKernel(
      device,
      { ...ADD, bindings: Object.fromEntries(names.map((name) => [name, ['read', 'u32']])) },
      Object.fromEntries(names.map((name) => [name, words])),
    );
    await expect(preparing).rejects.toMatchObject({
      code: 'limit-exceeded',
      message: expect.stringContaining(
        `${allowed + 1} storage buffers; this adapter allows ${allowed}`,
      ),
    });
    await addOne(device);
  });

  test('is compiled once for a device, also when asked for twice at a time', async () => {
    const device = await opened();
    using words = createBuffer(device, 'words', 4);
    const kernels = await Promise.all([1, 2].map(() => prepareKernel(device, ADD, { words })));
    expect(kernels[0]!.pipeline).toBe(kernels[1]!.pipeline);
    expect(device.pipelines.size).toBe(1);
  });

  test('can be prepared after an error of something else met its first preparation', async () => {
    const device = await opened();
    using words = createBuffer(device, 'words', 4);
    misuse(device);
    await expect(prepareKernel(device, ADD, { words })).rejects.toThrow('Copying too much');
    await addOne(device);
  });
});

describe('errors that WebGPU reports late', () => {
  test('are raised by the next call, once, the first of them', async () => {
    const device = await opened();
    misuse(device);
    device.scoped('A second mistake', () => device.raw.createBuffer({ size: 4, usage: 0 }));
    await expect(device.idle()).rejects.toMatchObject({
      message: expect.stringMatching(/^Copying too much: ./),
    });
    await device.idle();
    await addOne(device);
  });

  test('are raised when no scope was open, too', async () => {
    const device = await opened();
    device.raw.createBuffer({ size: 4, usage: 0 });
    await vi.waitFor(() => expect(() => device.check()).toThrow(/usages/));
    await addOne(device);
  });
});

describe('a lost device', () => {
  // Dawn settles what waits in another order each time: a read-back, finished work, a compilation.
  test.each(['read-back', 'work', 'compilation'])('ends a waiting %s', async (kind) => {
    const device = await opened();
    const buffer = bufferFrom(device, 'words', new Uint32Array(1000));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const commands = new Commands(device);
    for (let i = 0; i < 500; i++) {
      commands.dispatch(kernel, { count: 1000, by: 1, scale: 1 }, 1000);
    }
    commands.submit();
    const other: KernelRecord = { ...ADD, name: 'other', body: `${ADD.body}\n// another text` };
    const waiting =
      kind === 'read-back'
        ? readUints(buffer)
        : kind === 'work'
          ? commands.finish()
          : prepareKernel(device, other, { words: buffer });
    device.raw.destroy();
    await expect(waiting).rejects.toMatchObject({ name: 'EspalierError', code: 'device-lost' });
    // It stays lost: nothing hangs, and every call says the same.
    await expect(readUints(buffer)).rejects.toMatchObject({ code: 'device-lost' });
    commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 1);
    await expect(commands.finish()).rejects.toMatchObject({ code: 'device-lost' });
    await expect(device.idle()).rejects.toMatchObject({ code: 'device-lost' });
    expect(() => createBuffer(device, 'more', 1)).toThrow(/lost/);
    buffer.dispose();
    expect(device.liveBytes).toBe(0);
  });
});

describe('dispose', () => {
  test('ends a device that was opened, once', async () => {
    const device = await freshDevice();
    device.dispose();
    device.dispose();
    expect((await device.raw.lost).reason).toBe('destroyed');
    await expect(device.idle()).rejects.toMatchObject({ code: 'device-lost' });
    expect(() => createBuffer(device, 'late', 1)).toThrow(/disposed/);
  });

  test('leaves a device alive that was handed in', async () => {
    const adapter = await openNodeAdapter();
    const raw = await adapter.requestDevice();
    onTestFinished(() => raw.destroy());
    for (let turn = 0; turn < 2; turn++) {
      const device = adoptDevice(raw, adapter);
      expect(device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
      await addOne(device);
      device.dispose();
    }
    const lost = await Promise.race([raw.lost.then(() => true), raw.queue.onSubmittedWorkDone()]);
    expect(lost).toBeFalsy();
  });
});

test('live and peak bytes follow the buffers', async () => {
  const device = await opened();
  const first = createBuffer(device, 'first', 100);
  const second = createBuffer(device, 'second', 50);
  expect([device.liveBytes, device.peakBytes]).toEqual([600, 600]);
  first.dispose();
  expect([device.liveBytes, device.peakBytes]).toEqual([200, 600]);
  device.resetPeak();
  // A read-back stages a copy, which counts while it lasts.
  await readUints(second);
  expect([device.liveBytes, device.peakBytes]).toEqual([200, 400]);
  second.dispose();
  expect(device.liveBytes).toBe(0);
});
