import { constants } from 'node:fs';
import { access, appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import type { RunFile } from '../experiment/run-files.js';

/** What only a study leaves; it is never overwritten, as hours of many trials may be in it. */
const STUDY_FILE = /^(?:cells\.jsonl|thresholds\.json|state-.+\.safetensors)$/;

/** Where runs and comparisons go that name no folder. */
const RUNS = 'runs';

const RUN_FILE =
  /^(?:config\.json|summary\.json|events\.jsonl|comparison\.(?:json|csv|html)|(?:loss|accuracy)\.(?:svg|png)|dataset\.safetensors|(?:weights|subnetwork|fine-tuned)-\d+\.safetensors)$/;

/**
 * Refuses, before any work is done, a folder that holds another run or cannot be written to.
 *
 * @param out where the files are to go; when not given, a new folder in runs/.
 * @throws bad-config naming it.
 */
export async function requireUsable(out: string | undefined, overwrite: boolean): Promise<void> {
  await requireWritableFolder(out ?? RUNS);
  if (out) await requireFreeFolder(out, overwrite);
}

/** @throws bad-config when the folder holds a study or another run. */
export async function requireFreeFolder(folder: string, overwrite: boolean): Promise<void> {
  const names = await filesIn(folder);
  if (names.some((name) => STUDY_FILE.test(name))) {
    throw new EspalierError('bad-config', `--out ${folder} holds a study. Name another folder.`);
  }
  if (overwrite || !names.some((name) => RUN_FILE.test(name))) return;
  throw new EspalierError(
    'bad-config',
    `--out ${folder} holds another run. Name another folder, or add --overwrite to replace it.`,
  );
}

/** @throws bad-config when the folder, or the first one above it that exists, cannot be written to. */
export async function requireWritableFolder(folder: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      await access(at, constants.W_OK);
      if ((await stat(at)).isDirectory()) return;
    } catch (error) {
      const above = ['ENOENT', 'ENOTDIR'].includes(String(errorCode(error))) && at !== dirname(at);
      if (above) continue;
      throw unwritable(folder, error);
    }
    throw unwritable(folder, new Error(`${at} is a file`));
  }
}

/**
 * Makes the folder; tells whether it was not there before.
 *
 * @throws bad-config when it cannot be made.
 */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    throw unwritable(folder, error);
  }
}

function unwritable(folder: string, cause: unknown): EspalierError {
  return new EspalierError(
    'bad-config',
    `The folder ${folder} cannot be written to: ${errorMessage(cause)}. Name another one with --out.`,
    { cause },
  );
}

/** Clears what an earlier run left in a folder, also what a kill left half-written; other files stay. */
export async function clearFolder(folder: string): Promise<void> {
  const names = await filesIn(folder);
  const own = names.filter((name) => RUN_FILE.test(name.replace(/^\.(.+)\.part$/, '$1')));
  await Promise.all(own.map((name) => rm(join(folder, name))));
}

/** Makes `runs/<name>`, or `runs/<name>-2` and so on when there is one already. */
export async function nextFolder(name: string): Promise<string> {
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

/** Writes a file whole or not at all: a kill in between leaves the name untouched. */
export async function writeWhole(folder: string, { name, bytes }: RunFile): Promise<void> {
  const draft = join(folder, `.${name}.part`);
  try {
    await writeFile(draft, bytes, { flush: true });
    await rename(draft, join(folder, name));
  } catch (error) {
    await rm(draft, { force: true });
    throw new Error(`Cannot write ${join(folder, name)}: ${errorMessage(error)}`, { cause: error });
  }
}

export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await writeWhole(folder, { name, bytes: new TextEncoder().encode(text) });
}

export async function appendEvent(folder: string, event: object): Promise<void> {
  await appendFile(join(folder, 'events.jsonl'), `${JSON.stringify(event)}\n`);
}

export async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
