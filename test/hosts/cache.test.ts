import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EspalierError } from '../../src/errors.js';
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

test.each([
  ['is lost', (file: string) => rm(file)],
  ['is cut off', (file: string) => truncate(file, 2)],
  ['is another of that size', (file: string) => writeFile(file, 'worst')],
  [
    'is a folder',
    async (file: string) => {
      await rm(file);
      await mkdir(file);
    },
  ],
  ['lost its record', (file: string) => rm(join(file, '../../.contents.json'))],
])('a folder whose file %s is filled anew', async (_what, damage) => {
  vi.stubEnv('ESPALIER_CACHE', home);
  let fills = 0;
  const fillDeep = async (folder: string) => {
    fills++;
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, 'deep', 'file'), 'whole');
  };
  const folder = await cachedFolder('key', fillDeep);
  const file = join(folder, 'deep', 'file');
  // As a copy of it has another time than what was copied.
  await utimes(file, 1, 1);
  expect(await cachedFolder('key', fillDeep)).toBe(folder);
  expect(fills).toBe(1);
  await damage(file);
  expect(await cachedFolder('key', fillDeep)).toBe(folder);
  expect(await readFile(file, 'utf8')).toBe('whole');
  expect(await readdir(home)).toEqual([basename(folder)]);
});

test('a disk that is full makes room for the next place, and is named where there is none', async () => {
  vi.stubEnv('ESPALIER_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'full'));
  vi.stubEnv('TMPDIR', home);
  const temporary = join(home, 'espalier-');
  const fillUnlessFull = (folder: string) =>
    // Every write to this device ends with ENOSPC.
    writeFile(folder.startsWith(temporary) ? join(folder, 'file') : '/dev/full', 'text');
  expect(await cachedFolder('key', fillUnlessFull, { programs: true })).toContain(temporary);
  expect(await readdir(join(home, 'full', 'espalier'))).toEqual([]);
  vi.stubEnv('ESPALIER_CACHE', join(home, 'full'));
  await expect(cachedFolder('key', fillUnlessFull)).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringMatching(/full: ENOSPC.*Set ESPALIER_CACHE/),
  });
});

test("a failed filling leaves nothing, a killed one is removed when it is old, and nobody else's folder is", async () => {
  vi.stubEnv('ESPALIER_CACHE', home);
  const lacking = new EspalierError('no-webgpu', 'The package webgpu is not installed.');
  await expect(cachedFolder('key', () => Promise.reject(lacking))).rejects.toBe(lacking);
  expect(await readdir(home)).toEqual([]);
  let draft = '';
  await cachedFolder('other', async (folder) => {
    draft = basename(folder).replace('other', 'key');
  });
  const kept = ['.git', '.key', '.key-2-notes', `${draft}s`, draft.replace('key', 'other')];
  for (const folder of [draft, ...kept]) await aged(folder, 7200);
  const young = draft.replace(/.{6}$/, 'YOUNG0');
  await aged(young, 60);
  const filled = basename(await cachedFolder('key', fill('text')));
  expect((await readdir(home)).toSorted()).toEqual([...kept, young, filled, 'other-2'].toSorted());
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
  vi.stubEnv('ESPALIER_CACHE', join(home, 'a:b'));
  expect(await cachedFolder('key', fill('text'))).toMatch(join(home, 'a:b', 'key-'));
  const listed = cachedFolder('key', fill('text'), { listed: true });
  await expect(listed).rejects.toThrow(/a:b: its path has a ":".*ESPALIER_CACHE/);
});
