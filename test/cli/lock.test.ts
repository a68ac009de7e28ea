import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { FolderHeld, lockFolder } from '../../src/cli/lock.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-lock-'));
});
afterEach(() => {
  vi.useRealTimers();
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
  const held = await lockFolder(path, { flag: '--networks' }).catch((error: unknown) => error);
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

const BEATING = '{"pid":1,"host":"elsewhere","beats":true}';
const MINUTE = 60_000;

/** The lock of another machine, touched so many minutes ago. */
async function touchedBefore(minutes: number, text = BEATING): Promise<string> {
  const path = await folder();
  const touched = new Date(Date.now() - minutes * MINUTE);
  await writeFile(join(path, 'folder.lock'), text);
  await utimes(join(path, 'folder.lock'), touched, touched);
  return path;
}

test('a lock of another machine that was touched minutes ago is alive, whatever the clock says here', async () => {
  const path = await touchedBefore(9);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60 * MINUTE });
  await expect(lockFolder(path)).rejects.toEqual(
    expect.objectContaining({ alive: true, message: expect.stringContaining('"elsewhere"') }),
  );
  expect(await readdir(path)).toEqual(['folder.lock']);
});

test('one that was not touched for long is taken over, and not by the holder that wakes up', async () => {
  const path = await touchedBefore(11);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const asleep = await lockFolder(path, { beats: true });
  expect(asleep.stale).toBe(true);
  expect(await readdir(path)).toEqual(['folder.lock']);
  await writeFile(join(path, 'folder.lock'), BEATING);
  vi.advanceTimersByTime(MINUTE);
  await asleep.release();
  expect(await readFile(join(path, 'folder.lock'), 'utf8')).toBe(BEATING);
});

test('one that does not say that it is touched stays, however old', async () => {
  const path = await touchedBefore(1e5, '{"pid":1,"host":"elsewhere"}');
  await expect(lockFolder(path, { beats: true })).rejects.toMatchObject({ alive: false });
});

test('its holder touches it until it is released', async () => {
  const path = await folder();
  const file = join(path, 'folder.lock');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const lock = await lockFolder(path, { beats: true });
  const text = await readFile(file, 'utf8');
  await utimes(file, 0, 0);
  vi.advanceTimersByTime(MINUTE);
  await expect.poll(async () => (await stat(file)).mtimeMs).toBeGreaterThan(0);
  expect(await readFile(file, 'utf8')).toBe(text);
  await lock.release();
  expect(vi.getTimerCount()).toBe(0);
  expect(await readdir(path)).toEqual([]);
});

test('a folder that is gone is told, without a stack', async () => {
  await expect(lockFolder(join(root, 'nowhere'))).rejects.toEqual(
    expect.objectContaining({
      code: 'bad-config',
      message: expect.stringMatching(/cannot be claimed: ENOENT.*--out/),
    }),
  );
});
