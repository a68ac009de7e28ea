import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FolderHeld, lockFolder } from '../../src/cli/lock.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-lock-'));
});
afterAll(() => rm(root, { recursive: true }));

const folder = () => mkdtemp(join(root, 'folder-'));
/** No process has it: beyond the largest that Linux gives. */
const GONE = 4_194_305;
const gone = JSON.stringify({ pid: GONE, host: hostname() });

test('one holds a folder at a time, and leaves nothing in it', async () => {
  const path = await folder();
  const lock = await lockFolder(path);
  expect(lock.stale).toBe(false);
  expect(await readdir(path)).toEqual(['folder.lock']);
  const held = await lockFolder(path, '--networks').catch((error: unknown) => error);
  expect(held).toBeInstanceOf(FolderHeld);
  expect(held).toMatchObject({
    alive: true,
    message: expect.stringContaining(`process ${process.pid} on "${hostname()}"`),
  });
  expect(held).toMatchObject({ message: expect.stringContaining('or name another --networks;') });
  await lock.release();
  expect(await readdir(path)).toEqual([]);
});

test('of many at once one gets it', async () => {
  const path = await folder();
  await writeFile(join(path, 'folder.lock'), gone);
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(path)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(path)).toEqual(['folder.lock']);
  expect(JSON.parse(await readFile(join(path, 'folder.lock'), 'utf8')).pid).toBe(process.pid);
});

test.each([
  ['of a process that is gone', gone],
  [
    'of a process whose number another one has',
    JSON.stringify({ pid: 1, host: hostname(), began: '-1' }),
  ],
  ['that a kill left empty', ''],
])('a lock %s is taken over, with what kills left beside it', async (_, text) => {
  const path = await folder();
  await writeFile(join(path, 'folder.lock'), text);
  await writeFile(join(path, `folder.lock.${GONE}`), gone);
  await writeFile(join(path, `folder.lock.${GONE}.stale`), gone);
  const lock = await lockFolder(path);
  expect(lock.stale).toBe(true);
  expect(await readdir(path)).toEqual(['folder.lock']);
  await lock.release();
});

test('a lock that is being written is waited for', async () => {
  const path = await folder();
  await writeFile(join(path, 'folder.lock'), '');
  const waiting = lockFolder(path);
  await writeFile(
    join(path, 'folder.lock'),
    JSON.stringify({ pid: process.pid, host: hostname() }),
  );
  await expect(waiting).rejects.toThrow(/in use by another run/);
});

test.each([
  [
    'another machine',
    '{"pid":1,"host":"elsewhere"}',
    /process 1 on "elsewhere".*remove .*folder\.lock/,
  ],
  ['words', 'mine', /an unknown process/],
  ['no process', '{"pid":-1,"host":"x"}', /an unknown process/],
  ['nothing but depth', '['.repeat(100_000), /an unknown process/],
  [
    'a terminal’s escapes',
    JSON.stringify({ pid: 1, host: `\u001b[2J${'x'.repeat(9000)}` }),
    /^.{0,400}on "\\u001b\[2Jx+…"/,
  ],
])('a lock that says %s stays', async (_, text, message) => {
  const path = await folder();
  await writeFile(join(path, 'folder.lock'), text);
  await expect(lockFolder(path)).rejects.toEqual(
    expect.objectContaining({
      code: 'bad-config',
      alive: false,
      message: expect.stringMatching(message),
    }),
  );
  expect(await readFile(join(path, 'folder.lock'), 'utf8')).toBe(text);
});

test('a folder that is gone is told, without a stack', async () => {
  await expect(lockFolder(join(root, 'nowhere'))).rejects.toEqual(
    expect.objectContaining({
      code: 'bad-config',
      message: expect.stringMatching(/cannot be claimed: ENOENT.*--out/),
    }),
  );
});
