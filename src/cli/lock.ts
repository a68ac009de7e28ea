import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';
import { errorCode } from './files.js';

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, by the kernel's clock; tells it from a later one of the same pid. */
  readonly began: string | undefined;
}

const LOCK = 'folder.lock';

export interface Lock {
  /** Whether a lock was taken over from a process that is no more. */
  readonly stale: boolean;
  release(): Promise<void>;
}

/**
 * Claims a folder for this process. A lock whose process has ended, killed for instance, is stale
 * and taken over.
 *
 * @throws bad-config when another process holds it, or may hold it on another machine.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, LOCK);
  const draft = `${path}.${process.pid}`;
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    began: await processStart(process.pid),
  };
  await writeFile(draft, JSON.stringify(own));
  let stale = false;
  try {
    // A link appears with its content or not at all, and never over another.
    while (!(await linked(draft, path))) {
      const text = await readFile(path, 'utf8').catch(() => undefined);
      // Released just now.
      if (text === undefined) continue;
      await requireStale(text, folder);
      await removeLock(path, text);
      stale = true;
    }
  } finally {
    await rm(draft, { force: true });
  }
  return { stale, release: () => rm(path, { force: true }) };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function requireStale(text: string, folder: string): Promise<void> {
  const holder = parse(text);
  if (holder?.host === hostname() && !(await isAlive(holder))) return;
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'an unknown process';
  throw new EspalierError(
    'bad-config',
    `${folder} is in use by another run or study (${who}). Wait for it, or name another --out; if that process is gone, remove ${join(folder, LOCK)}.`,
  );
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
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
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== judged) await linked(aside, path);
  await rm(aside, { force: true });
}
