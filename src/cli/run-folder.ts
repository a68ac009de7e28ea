import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';
import { isRunFile, RUN_FILES } from '../experiment/run-files.js';
import { errorCode, makeFolder, namesIn, requireWritableFolder } from './files.js';
import { isLeftByKill, isLockFile, lockFolder } from './lock.js';
import { isStudyFile } from './study-folder.js';

/** Where runs and comparisons go that name no folder. */
const RUNS = 'runs';

/** What a comparison leaves beside its `config.json`. */
const COMPARISON_FILE =
  /^(?:comparison\.(?:json|jsonl|csv|html)|(?:loss|accuracy|measured|uniform)\.(?:svg|png))$/;

/**
 * Refuses, before any work is done, a folder that holds another run or cannot be written to.
 *
 * @param out where the files are to go; when not given, a new folder in runs/.
 * @throws bad-config naming it.
 */
export async function requireUsable(out: string | undefined, overwrite: boolean): Promise<void> {
  await requireWritableFolder(out ?? RUNS);
  if (out) await requireFreeFolder(out, { overwrite, killed: await isLeftByKill(out) });
}

/** What a kill leaves of a file under way. */
const HALF_WRITTEN = /^\.(.+)\.part$/;

/** What a run leaves that was killed before its first weights: nothing to keep or to go on from. */
const BEGINNING: readonly string[] = [RUN_FILES.config, RUN_FILES.dataset];

/** Beside anything else such files may be another's, of a kind that is not known here. */
function isOfBeginning(name: string): boolean {
  return BEGINNING.includes(name) || HALF_WRITTEN.test(name) || isLockFile(name);
}

interface Standing {
  readonly overwrite: boolean;
  /** Whether the folder has the lock of a process that is no more. */
  readonly killed: boolean;
}

/** @throws bad-config when the folder holds a study or another run. */
async function requireFreeFolder(folder: string, { overwrite, killed }: Standing): Promise<void> {
  const names = await namesIn(folder);
  // Never overwritten, as hours of many trials may be in it.
  if (names.some(isStudyFile)) {
    throw new EspalierError('bad-config', `--out ${folder} holds a study. Name another folder.`);
  }
  if (overwrite || (killed && names.every(isOfBeginning)) || !names.some(isOurs)) return;
  throw new EspalierError(
    'bad-config',
    `--out ${folder} holds another run. Name another folder, or add --overwrite to replace it.`,
  );
}

/** A folder that this process alone writes to. */
export interface ClaimedFolder {
  readonly path: string;
  /** Whether it was not there before. */
  readonly made: boolean;
  release(): Promise<void>;
}

/**
 * Makes and claims `out`, or a new folder in runs/ after `name`, and clears what an earlier run
 * left in it.
 *
 * @throws bad-config when another process uses it, or when it holds a run that is to stay.
 */
export async function claimFolder(
  out: string | undefined,
  name: string,
  overwrite: boolean,
): Promise<ClaimedFolder> {
  const path = out ?? (await nextFolder(name));
  const made = out ? await makeFolder(out) : true;
  const { release, stale } = await lockFolder(path);
  try {
    // Another run may have come and gone since the flags were checked.
    await requireFreeFolder(path, { overwrite, killed: stale });
    await clearFolder(path);
  } catch (error) {
    await release();
    throw error;
  }
  return { path, made, release };
}

/** Characters of a path that a folder's name keeps, where a file system takes 255 bytes and more stands behind. */
const MOST_NAME = 60;

/** What a path is called as a part of a folder's name: the end of it, which tells most. */
export function folderName(path: string): string {
  const words = path.replaceAll(/[^\w.-]+/g, '-');
  return words.slice(-MOST_NAME).replaceAll(/^[-.]+|-+$/g, '') || 'data';
}

/** Clears what an earlier run left in a folder, also what a kill left half-written; other files stay. */
export async function clearFolder(folder: string): Promise<void> {
  const names = await namesIn(folder);
  const own = names.filter((name) => isOurs(name.replace(HALF_WRITTEN, '$1')));
  await Promise.all(own.map((name) => rm(join(folder, name))));
}

/** Makes `runs/<name>`, or `runs/<name>-2` and so on when there is one already. */
async function nextFolder(name: string): Promise<string> {
  await makeFolder(RUNS);
  for (let copy = 1; ; copy++) {
    const folder = join(RUNS, copy === 1 ? name : `${name}-${copy}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** What a run or a comparison leaves, which the next one may replace. */
function isOurs(name: string): boolean {
  return isRunFile(name) || COMPARISON_FILE.test(name);
}
