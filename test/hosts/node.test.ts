import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSoftware } from '../../src/gpu/adapter.js';
import { openDevice } from '../../src/gpu/device.js';
import { hasBundle } from '../../src/hosts/bundle.js';
import { openNodeAdapter } from '../../src/hosts/node.js';
import { createPace } from '../../src/hosts/pace.js';
import { bundle, folderWith } from './fixture/build.js';

const PACKAGES = ['webgpu', '@sparticuz/chromium', 'puppeteer-core', 'tar-fs'];

describe('openNodeAdapter', () => {
  test('gives each kind in one process, in any order', async () => {
    const hardware = await openNodeAdapter('hardware').catch((error: unknown) => error);
    const software = await openNodeAdapter('software');
    expect(software.info.architecture).toBe('swiftshader');
    const auto = await openNodeAdapter('auto');
    if (hardware instanceof Error) {
      expect(hardware).toMatchObject({
        code: 'no-adapter',
        message: expect.stringMatching(/driver.*Use adapter software instead\.|Use host chrome/),
      });
      expect(auto.info.architecture).toBe('swiftshader');
    } else {
      expect(isSoftware((hardware as GPUAdapter).info)).toBe(false);
      expect(auto.info.description).toBe((hardware as GPUAdapter).info.description);
    }
  });

  test('slows the polling of a device that is opened on a software adapter, whoever opens it', async () => {
    const device = await openDevice(await openNodeAdapter('software'));
    let turns = 0;
    let counting = true;
    const count = () => {
      turns++;
      if (counting) setImmediate(count);
    };
    count();
    await device.wait(new Promise((done) => setTimeout(done, 60)));
    counting = false;
    device.dispose();
    // Sleeps of half a millisecond, after shorter ones; thousands of turns without them.
    expect(turns).toBeLessThan(300);
  });

  test('leaves the environment as it was', async () => {
    const before = { ...process.env };
    await openNodeAdapter('auto');
    expect({ ...process.env }).toEqual(before);
  });
});

describe('a process', () => {
  const run = promisify(execFile);
  const folders: string[] = [];
  const child = async (folder: string, env: NodeJS.ProcessEnv = {}) => {
    const { stdout, stderr } = await run(
      process.execPath,
      ['--expose-gc', join(folder, 'child.mjs')],
      { timeout: 60_000, env: { ...process.env, ...env } },
    );
    return { stderr, ...(JSON.parse(stdout) as object) };
  };
  const folderWithChild = async (...packages: readonly string[]) => {
    const folder = await folderWith(...packages);
    folders.push(folder);
    await bundle('child', folder);
    return folder;
  };
  const worked = {
    stderr: '',
    collected: true,
    values: Array.from({ length: 20 }, () => [2, 4, 6]),
  };

  let complete: string;
  beforeAll(async () => {
    complete = await folderWithChild(...PACKAGES);
  });
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  test('ends by itself after the host is closed, whatever the collector took before', async () => {
    expect(await child(complete)).toEqual(worked);
  });

  test('works in a worker thread too, where the environment is a copy', async () => {
    const { VK_DRIVER_FILES: _, ...env } = process.env;
    const worker = new Worker(join(complete, 'child.mjs'), { stdout: true, env });
    let text = '';
    worker.stdout.on('data', (piece) => {
      text += piece;
    });
    await once(worker, 'exit');
    expect(JSON.parse(text)).toMatchObject({ values: worked.values });
  });

  test('can fill the cache at the same time as another', async () => {
    const cache = join(complete, 'cache');
    const env = { ESPALIER_CACHE: cache };
    expect(await Promise.all([child(complete, env), child(complete, env)])).toEqual([
      worked,
      worked,
    ]);
    const dawn = (await readdir(cache)).filter((name) => !name.startsWith('tuning-'));
    expect(dawn).toEqual(hasBundle ? [expect.stringMatching(/^dawn-.*software/)] : []);
  });

  test.each(['webgpu', ...(hasBundle ? ['@sparticuz/chromium'] : [])])(
    'is told to install %s',
    async (missing) => {
      const folder = await folderWithChild(...PACKAGES.filter((name) => name !== missing));
      expect(await child(folder)).toMatchObject({
        code: 'no-webgpu',
        message: expect.stringContaining(`npm install ${missing}`),
      });
    },
  );
});

describe('createPace', () => {
  test('hands on what the waits give', async () => {
    const pace = createPace(1);
    const reason = new Error('lost');
    const waits = [
      pace(Promise.resolve(1)),
      pace(Promise.reject(reason)),
      pace(Promise.resolve(2)),
    ];
    expect(await Promise.allSettled(waits)).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason },
      { status: 'fulfilled', value: 2 },
    ]);
  });

  test('slows the event loop while a wait is pending, and then no more', async () => {
    const pace = createPace(5);
    const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
    let turns = 0;
    let counting = true;
    const count = () => {
      turns++;
      if (counting) setImmediate(count);
    };
    count();
    await Promise.all([pace(wait(60)), pace(wait(30))]);
    // 20 ms of growing sleeps, then about eight of 5 ms.
    expect(turns).toBeLessThan(100);
    // A machine with other work may give it none of one window.
    await expect
      .poll(async () => {
        turns = 0;
        await wait(20);
        return turns;
      })
      .toBeGreaterThan(200);
    counting = false;
  });
});
