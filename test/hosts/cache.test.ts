import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cachedFolder } from '../../src/hosts/cache.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'espalier-cache-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

const fill = (text: string) => (folder: string) => writeFile(join(folder, 'file'), text);

test('a folder is filled once, under another name until it is whole', async () => {
  vi.stubEnv('ESPALIER_CACHE', home);
  const folder = await cachedFolder('key', async (draft) => {
    await fill('first')(draft);
    expect(await readdir(home)).toEqual([expect.stringMatching(/^\.key/)]);
  });
  expect(await cachedFolder('key', fill('second'))).toBe(folder);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('first');
});

test('of several that fill at once one wins and all get its folder', async () => {
  vi.stubEnv('ESPALIER_CACHE', home);
  const folders = await Promise.all(['a', 'b', 'c'].map((text) => cachedFolder('key', fill(text))));
  expect(new Set(folders).size).toBe(1);
  expect(await readdir(home)).toHaveLength(1);
});

test("a failed filling leaves nothing, a killed one is removed when it is old, and nobody else's folder is", async () => {
  vi.stubEnv('ESPALIER_CACHE', home);
  const full = new Error('disk full');
  await expect(cachedFolder('key', () => Promise.reject(full))).rejects.toBe(full);
  expect(await readdir(home)).toEqual([]);
  let draft = '';
  await cachedFolder('other', async (folder) => {
    draft = basename(folder).replace('other', 'key');
  });
  const kept = ['.git', '.key', '.key-1-notes', `${draft}s`, draft.replace('key', 'other')];
  for (const folder of [draft, ...kept]) await aged(folder, 7200);
  const young = draft.replace(/.{6}$/, 'YOUNG0');
  await aged(young, 60);
  const filled = basename(await cachedFolder('key', fill('text')));
  expect((await readdir(home)).toSorted()).toEqual([...kept, young, filled, 'other-1'].toSorted());
});

async function aged(name: string, seconds: number): Promise<void> {
  await mkdir(join(home, name));
  const time = Date.now() / 1000 - seconds;
  await utimes(join(home, name), time, time);
}

test('a cache that cannot be written falls back to the temporary folder, unless it was asked for', async () => {
  const file = join(home, 'file');
  await writeFile(file, '');
  vi.stubEnv('ESPALIER_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', file);
  vi.stubEnv('TMPDIR', home);
  expect(await cachedFolder('key', fill('text'))).toMatch(join(home, 'espalier-'));
  vi.stubEnv('ESPALIER_CACHE', join(file, 'cache'));
  await expect(cachedFolder('key', fill('text'))).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringContaining(file),
  });
});
