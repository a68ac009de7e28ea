import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimFolder, requireUsable } from '../../src/cli/run-folder.js';
import { nameOfModelTrial } from '../../src/study/model/grid.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-run-folder-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Of a pid that Linux gives to nobody. */
const STALE = { 'folder.lock': JSON.stringify({ pid: 2 ** 30, host: hostname() }) };
const BEGUN = { 'config.json': '{}', 'dataset.safetensors': '' };
const HALF = { '.weights-0.safetensors.part': '' };

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(root, 'f-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test.each([
  ['its configuration', { 'config.json': '{}', ...STALE }],
  ['what it trains on, and a half of its first weights', { ...BEGUN, ...HALF, ...STALE }],
])('a run killed behind %s does not stand in the way of the same command', async (_, files) => {
  const folder = await folderOf(files);
  await requireUsable(folder, false);
  const { release } = await claimFolder(folder, 'x', false);
  expect(await readdir(folder)).toEqual(['folder.lock']);
  await release();
});

test('what replaces a run leaves nothing of it, and what is not of it', async () => {
  const folder = await folderOf({ ...BEGUN, 'curve.txt': 'at.300', 'notes.txt': '' });
  const { release } = await claimFolder(folder, 'x', true);
  expect((await readdir(folder)).toSorted()).toEqual(['folder.lock', 'notes.txt']);
  await release();
});

test.each([
  ['that was killed later', { ...BEGUN, ...STALE, 'weights-0.safetensors': '' }],
  ['that ended', { ...BEGUN, 'weights-0.safetensors': '' }],
  ['beside which something unknown lies', { ...BEGUN, ...STALE, 'notes.txt': '' }],
  ['of which only somebody’s config.json is there', { 'config.json': '{}' }],
])('a run %s stays', async (_, files) => {
  const folder = await folderOf(files);
  const refused = expect.objectContaining({
    code: 'bad-config',
    message: expect.stringMatching(/holds another run\. .*--overwrite/),
  });
  await expect(requireUsable(folder, false)).rejects.toEqual(refused);
  await expect(claimFolder(folder, 'x', false)).rejects.toEqual(refused);
  for (const name of Object.keys(files).filter((each) => each !== 'folder.lock')) {
    expect(await readdir(folder)).toContain(name);
  }
});

test.each([false, true])(
  'a deep study that was killed in its first pre-training stays, with --overwrite %s',
  async (overwrite) => {
    const folder = await folderOf({ 'config.json': '{}', ...STALE });
    const trial = { architecture: 'resnet8', width: 1, examples: 500, trial: 0 };
    await mkdir(join(folder, nameOfModelTrial(trial)));
    const refused = expect.objectContaining({
      code: 'bad-config',
      message: expect.stringMatching(/holds a study/),
    });
    await expect(requireUsable(folder, overwrite)).rejects.toEqual(refused);
    await expect(claimFolder(folder, 'x', overwrite)).rejects.toEqual(refused);
    expect(await readdir(folder)).toContain('config.json');
  },
);
