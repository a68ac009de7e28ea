import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bufferFrom, readUints } from '../../src/gpu/buffer.js';
import { Commands, foldGrid } from '../../src/gpu/commands.js';
import { type Device, UNIFORM_SLOTS } from '../../src/gpu/device.js';
import { prepareKernel } from '../../src/gpu/kernel.js';
import { ADD, freshDevice } from './probe.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

describe('foldGrid', () => {
  test('covers every number of workgroups within the limit and wastes less than a row', () => {
    let state = 1;
    const draw = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (const limit of [1, 2, 7, 256, 65535]) {
      const square = limit * limit;
      const edges = [1, limit - 1, limit, limit + 1, 2 * limit, 2 * limit + 1, square - 1, square];
      const drawn = Array.from({ length: 200 }, () => 1 + draw(square));
      for (const n of [...edges, ...drawn].filter((count) => count >= 1 && count <= square)) {
        const [x, y] = foldGrid(n, limit);
        expect(Math.max(x, y), `${n} in ${limit}`).toBeLessThanOrEqual(limit);
        expect(x * y).toBeGreaterThanOrEqual(n);
        expect(x * y - n).toBeLessThan(y);
      }
      expect(() => foldGrid(square + 1, limit)).toThrow(RangeError);
    }
  });

  test('runs each of more workgroups than a dimension holds, once', async () => {
    const count = device.limits.maxComputeWorkgroupsPerDimension + 4466;
    using buffer = bufferFrom(device, 'words', new Uint32Array(count + 1));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const commands = new Commands(device);
    commands.dispatch(kernel, { count, by: 3, scale: 1 }, count);
    await commands.finish();
    expect(await readUints(buffer)).toEqual(new Uint32Array(count + 1).fill(3, 0, count));
  });
});

describe('Commands', () => {
  test('judges a submit by the time it took, not by when somebody asked for it', async () => {
    using own = await freshDevice();
    using buffer = bufferFrom(own, 'words', new Uint32Array(1));
    const kernel = await prepareKernel(own, ADD, { words: buffer });
    // As much as a submit should hold if it took a second.
    const before = 1e9;
    own.operationsPerSubmit = before;
    const commands = new Commands(own);
    commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 1, (before * 1000) / own.submitMillis);
    expect(await commands.submitIfFull()).toBe(true);
    await readUints(buffer);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await commands.finish();
    expect(own.operationsPerSubmit).toBeGreaterThan(before);
  });

  test('keeps the uniforms of each of more dispatches than the ring holds', async () => {
    const dispatches = 2 * UNIFORM_SLOTS + 100;
    using buffer = bufferFrom(device, 'words', new Uint32Array(2));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const commands = new Commands(device);
    // By shares that show which were lost, taken twice or mixed up with their neighbours.
    let expected = 0;
    for (let i = 0; i < dispatches; i++) {
      commands.dispatch(kernel, { count: 1, by: i, scale: i % 3 }, 1);
      expected += i * (i % 3);
    }
    await commands.finish();
    expect(await readUints(buffer)).toEqual(Uint32Array.of(expected, 0));
  });

  test('submits bounded work, and reads what came before', async () => {
    using buffer = bufferFrom(device, 'words', new Uint32Array(1));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const commands = new Commands(device);
    let submits = 0;
    for (let i = 0; i < 40; i++) {
      commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 1, device.operationsPerSubmit / 4);
      if (await commands.submitIfFull()) submits++;
    }
    await commands.finish();
    expect(submits).toBeGreaterThanOrEqual(2);
    expect(submits).toBeLessThanOrEqual(20);
    expect(await readUints(buffer)).toEqual(Uint32Array.of(40));
  });

  test('dispatches nothing for no workgroups, and finishes empty', async () => {
    using buffer = bufferFrom(device, 'words', Uint32Array.of(9));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const commands = new Commands(device);
    commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 0);
    await commands.finish();
    await new Commands(device).finish();
    expect(await readUints(buffer)).toEqual(Uint32Array.of(9));
  });

  test.each(['full', 'nearly empty'])('stops between submits when aborted: %s', async (fill) => {
    using buffer = bufferFrom(device, 'words', new Uint32Array(1));
    const kernel = await prepareKernel(device, ADD, { words: buffer });
    const controller = new AbortController();
    const commands = new Commands(device);
    const operations = fill === 'full' ? 1e15 : 1;
    commands.dispatch(kernel, { count: 1, by: 1, scale: 1 }, 1, operations);
    await commands.submitIfFull(controller.signal);
    await commands.finish();
    controller.abort();
    commands.dispatch(kernel, { count: 1, by: 10, scale: 1 }, 1, operations);
    await expect(commands.submitIfFull(controller.signal)).rejects.toMatchObject({
      code: 'aborted',
    });
    // What was submitted before is done, what was not is dropped, and the device goes on.
    expect(await readUints(buffer)).toEqual(Uint32Array.of(1));
  });
});
