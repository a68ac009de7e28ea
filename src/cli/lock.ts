import { randomInt } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { EspalierError, errorMessage } from '../errors.js';
import { parseJson } from '../json.js';
import { quoted } from '../text.js';
import { errorCode, hasNoRoom, ifMissing, namesIn, unwritable } from './files.js';

/** Who holds a folder. */
const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the process began, by the kernel's clock; tells it from a later one of the same pid. */
  began: z.string().optional(),
  /** Whether it touches its lock while it lives, by which other machines know. */
  beats: z.boolean().optional(),
});

type Holder = z.infer<typeof holderSchema>;

const LOCK = 'folder.lock';

/** A lock that was put aside to be judged, or a file made to tell the time; a kill may leave them. */
const ASIDE = /^folder\.lock\.\d+(\.stale)?$/;

/** Whether a file of that name is a folder's lock, or one that was put aside. */
export function isLockFile(name: string): boolean {
  return name === LOCK || ASIDE.test(name);
}

/** A lock is made in one step and written in the next: for so long an empty one may be on its way. */
const WRITING_MILLIS = 1000;
const LOOK_MILLIS = 50;

/** How often a lock that beats is touched, and after how long without that its holder is taken for dead. */
const BEAT_MILLIS = 60_000;
const SILENT_MILLIS = 10 * BEAT_MILLIS;

/** A folder that somebody else holds. */
export class FolderHeld extends EspalierError {
  /** Whether the holder lives: a process of this machine, or one whose lock beats. Of others nobody can tell. */
  readonly alive: boolean;

  constructor(message: string, alive: boolean) {
    super('bad-config', message);
    this.alive = alive;
  }
}

export interface Lock {
  /** Whether a lock was taken over from a process that is no more. */
  readonly stale: boolean;
  release(): Promise<void>;
}

/**
 * Claims a folder for this process. A lock whose process has ended, killed for instance, is stale
 * and taken over. It takes no more of a file system than to make a file that is not there.
 *
 * @param options.flag that names the folder.
 * @param options.beats whether another machine may take the lock over once this process has not touched
 *   it for ten minutes. It may only have been asleep: for folders where two at once do no harm.
 * @throws FolderHeld when another process holds it, or may hold it on another machine; bad-config when
 *   no lock can be written; an Error when the disk has no room for it.
 */
export async function lockFolder(
  folder: string,
  { flag = '--out', beats = false }: { readonly flag?: string; readonly beats?: boolean } = {},
): Promise<Lock> {
  const path = join(folder, LOCK);
  const began = await processStart(process.pid);
  const holder: Holder = { pid: process.pid, host: hostname(), began, ...(beats && { beats }) };
  const own = JSON.stringify(holder);
  let stale = false;
  while (!(await created(path, own, { folder, flag }))) {
    const text = await lockText(path);
    // Released just now.
    if (text === undefined) continue;
    await requireStale(text, { path, folder, flag });
    await removeLock(path, text);
    stale = true;
  }
  const left = (await namesIn(folder)).filter((name) => ASIDE.test(name));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  const beat = beats ? setInterval(() => touch(path, own), BEAT_MILLIS).unref() : undefined;
  const release = async () => {
    clearInterval(beat);
    // Whoever slept for long may find the lock of another.
    if ((await readFile(path, 'utf8').catch(ifMissing)) === own) await rm(path, { force: true });
  };
  return { stale, release };
}

/** Writes a lock once more, where it still stands: the clock that dates it is that of its disk. */
async function touch(path: string, own: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      if ((await file.readFile('utf8')) === own) await file.write(own, 0);
    } finally {
      await file.close();
    }
  } catch {
    // A beat may be missed: there are ten of them before anybody takes the lock over.
  }
}

/** A folder, and the flag that names it. */
interface Named {
  readonly folder: string;
  readonly flag: string;
}

/** Writes the lock where there is none, and tells whether it did. */
async function created(path: string, text: string, { folder, flag }: Named): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false;
    // A disk without room makes the file and leaves it empty.
    if (hasNoRoom(cause)) await rm(path, { force: true });
    throw unwritable(
      `The folder ${folder} cannot be claimed: ${errorMessage(cause)}. Make room there, or name another one with ${flag}.`,
      cause,
    );
  }
}

/** What a lock says, once it says something. */
async function lockText(path: string): Promise<string | undefined> {
  for (let waited = 0; ; waited += LOOK_MILLIS) {
    const text = await readFile(path, 'utf8').catch(ifMissing);
    if (text !== '' || waited >= WRITING_MILLIS) return text;
    await sleep(LOOK_MILLIS);
  }
}

async function requireStale(
  text: string,
  { path, folder, flag }: Named & { readonly path: string },
): Promise<void> {
  if (await isStale(path, text)) return;
  const holder = parse(text);
  const who = holder ? `process ${holder.pid} on ${quoted(holder.host)}` : 'an unknown process';
  throw new FolderHeld(
    `${folder} is in use by another run or study (${who}). Wait for it, or name another ${flag}; if that process is gone, remove ${join(folder, LOCK)}.`,
    holder?.host === hostname() || holder?.beats === true,
  );
}

async function isStale(path: string, text: string): Promise<boolean> {
  // Its process was killed before it could say who it was.
  if (text === '') return true;
  const holder = parse(text);
  if (holder?.host === hostname()) return !(await isAlive(holder));
  return holder?.beats === true && (await isSilent(path));
}

/** Whether a lock was touched long ago, by the clock of its disk: those of two machines may differ. */
async function isSilent(path: string): Promise<boolean> {
  const probe = asideOf(path);
  try {
    await writeFile(probe, 'now');
    const [now, touched] = await Promise.all([stat(probe), stat(path)]);
    return now.mtimeMs - touched.mtimeMs > SILENT_MILLIS;
  } catch (error) {
    // Released just now, or tidied away by whoever took it.
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

/** A name that nobody else takes: in containers all have the same process numbers. */
function asideOf(path: string): string {
  return `${path}.${randomInt(2 ** 47)}`;
}

/** Whether a folder has the lock of a process that is no more. */
export async function isLeftByKill(folder: string): Promise<boolean> {
  const path = join(folder, LOCK);
  const text = await readFile(path, 'utf8').catch(ifMissing);
  return text !== undefined && (await isStale(path, text));
}

function parse(text: string): Holder | undefined {
  try {
    return holderSchema.parse(parseJson(text));
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, began }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    if (errorCode(error) === 'ESRCH') return false;
  }
  return began === undefined || began === (await processStart(pid));
}

/** Field 22 of /proc/<pid>/stat; the second, the program's name, may hold spaces. */
async function processStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Removes the lock that was judged; one that took its place meanwhile is put back. */
async function removeLock(path: string, judged: string): Promise<void> {
  const aside = asideOf(path);
  try {
    await rename(path, aside);
    const found = await readFile(aside, 'utf8');
    if (found !== judged) await writeFile(path, found, { flag: 'wx' });
  } catch (error) {
    // Somebody else was faster, at either step.
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}
