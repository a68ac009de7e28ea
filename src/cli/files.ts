import { constants } from 'node:fs';
import {
  access,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import type { RunFile } from '../experiment/run-files.js';
import { decodedText } from '../text.js';

/**
 * @param flag that names the folder.
 * @throws bad-config when the folder, or the first one above it that exists, cannot be written to.
 */
export async function requireWritableFolder(folder: string, flag = '--out'): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      await access(at, constants.W_OK);
      if ((await stat(at)).isDirectory()) return;
    } catch (error) {
      const above = ['ENOENT', 'ENOTDIR'].includes(String(errorCode(error))) && at !== dirname(at);
      if (above) continue;
      throw cannotWriteTo(folder, flag, error);
    }
    throw cannotWriteTo(folder, flag, new Error(`${at} is a file`));
  }
}

/**
 * Makes the folder; tells whether it was not there before.
 *
 * @param flag that names the folder.
 * @throws bad-config when it cannot be made.
 */
export async function makeFolder(folder: string, flag = '--out'): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    throw cannotWriteTo(folder, flag, error);
  }
}

function cannotWriteTo(folder: string, flag: string, cause: unknown): Error {
  return unwritable(
    `The folder ${folder} cannot be written to: ${errorMessage(cause)}. Name another one with ${flag}.`,
    cause,
  );
}

/** Of a folder that was named wrongly, or a disk that has failed who named it rightly. */
export function unwritable(message: string, cause: unknown): Error {
  return hasNoRoom(cause)
    ? new Error(message, { cause })
    : new EspalierError('bad-config', message, { cause });
}

/** Whether a disk is full, or what one person may have of it. */
export function hasNoRoom(error: unknown): boolean {
  return errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT';
}

/**
 * Writes a file whole or not at all: a kill in between leaves the name untouched. A device, a pipe
 * or a link of that name is written to, not replaced.
 */
export async function writeWhole(folder: string, { name, bytes }: RunFile): Promise<void> {
  const file = join(folder, name);
  try {
    const found = await lstat(file).catch(ifMissing);
    if (found && !found.isFile()) await writeFile(file, bytes);
    else await replaceFile(file, join(folder, `.${name}.part`), bytes);
  } catch (cause) {
    throw new Error(`Cannot write ${file}: ${errorMessage(cause)}`, { cause });
  }
}

async function replaceFile(file: string, draft: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(draft, bytes, { flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await writeWhole(folder, { name, bytes: new TextEncoder().encode(text) });
}

/** Appends a whole line or nothing, and waits for the disk. */
export async function appendLine(file: string, line: string): Promise<void> {
  const fail = (cause: unknown) =>
    new Error(
      `Cannot write ${file}: ${errorMessage(cause)}. All lines before are intact: make room, and go on from there.`,
      { cause },
    );
  const handle = await open(file, 'a').catch((cause: unknown) => {
    throw fail(cause);
  });
  try {
    const { size } = await handle.stat();
    try {
      await handle.appendFile(`${line}\n`);
      await handle.datasync();
    } catch (cause) {
      // Where even that fails, a reader of the file drops the line that was cut off.
      await handle.truncate(size).catch(() => undefined);
      throw fail(cause);
    }
  } finally {
    await handle.close();
  }
}

/** What a file holds that whole lines are appended to. */
export interface Lines {
  readonly lines: readonly string[];
  /** Bytes that they take. */
  readonly whole: number;
  /** Whether a kill in the middle of a write left a last line without its end, which is left out. */
  readonly dropped: boolean;
}

/** The lines of a file; none where there is no such file. */
export async function readLines(file: string): Promise<Lines> {
  const bytes = (await readIfThere(file)) ?? Buffer.alloc(0);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const text = decodedText(bytes.subarray(0, Math.max(whole - 1, 0)));
  return { lines: text === '' ? [] : text.split('\n'), whole, dropped: whole < bytes.length };
}

/** The names in a folder; none where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(ifMissing)) ?? [];
}

/** A file's bytes, if there is such a file. */
export function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(ifMissing);
}

/** For the `catch` of a read: undefined where there is no such file. Any other error is thrown again. */
export function ifMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** Node's code of an error of the file system, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
