import {
  access,
  constants,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { CONTENTS, holdsAll, recordContents } from './contents.js';

/** Raise this when the content of the folders changes but the versions in their keys do not. */
const LAYOUT = 2;
const STALE_MILLIS = 3_600_000;

/** What `mkdtemp` ends its names with. */
const SUFFIX = /^[A-Za-z0-9]{6}$/;
const SUFFIX_LETTERS = 6;

/** Fills a new folder. What it throws as an EspalierError is no fault of the cache. */
type Fill = (folder: string) => Promise<void>;

interface Use {
  /** Whether programs or libraries are loaded from the folder, which some file systems forbid. */
  readonly programs?: boolean;
  /** Whether its path goes into lists of paths, where a colon would end it. */
  readonly listed?: boolean;
}

/**
 * The folder `key` of the cache. If it does not exist, or has lost files or parts of them since, a
 * folder of another name is filled and then renamed. So the folder is complete whenever it exists,
 * even when two processes fill it at once or one is killed.
 *
 * The cache is `$ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`. When
 * the last two cannot be used, it is a folder in the system's temporary folder.
 *
 * @throws bad-config when no cache can be used, with what is wrong with each; what `fill` throws.
 */
export async function cachedFolder(
  key: string,
  fill: Fill,
  { programs = false, listed = false }: Use = {},
): Promise<string> {
  const name = `${key}-${LAYOUT}`;
  const problems: { readonly root: string; readonly error: unknown }[] = [];
  for (const root of cacheRoots()) {
    const folder = join(root, name);
    try {
      if (listed && root.includes(delimiter)) throw new Error(`its path has a "${delimiter}"`);
      await mkdir(root, { recursive: true, mode: 0o700 });
      await requireOwn(root);
      if (!(await holdsAll(folder))) await fillFolder(folder, fill, { programs });
      else if (programs) await requireExecution(join(folder, CONTENTS));
      return folder;
    } catch (error) {
      if (error instanceof EspalierError) throw error;
      problems.push({ root, error });
    }
  }
  const found = problems.map(({ root, error }) => `${root}: ${errorMessage(error)}`).join('; ');
  throw new EspalierError(
    'bad-config',
    `No cache can be used (${found}). Set ESPALIER_CACHE to a folder of yours that can be written to${programs ? ', with 300 MB of room and on a file system whose programs may run' : ''}.`,
    { cause: problems.at(-1)?.error },
  );
}

async function fillFolder(folder: string, fill: Fill, { programs }: Use): Promise<void> {
  const prefix = join(dirname(folder), `.${basename(folder)}-`);
  const draft = await mkdtemp(prefix);
  try {
    if (programs) await requireExecution(await emptyProgram(draft));
    await fill(draft);
    await recordContents(draft);
    await putInPlace(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  await removeStale(prefix);
}

/** Renames the draft, unless another process was first. */
async function putInPlace(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (await holdsAll(folder)) return;
    if (!(await exists(folder))) throw error;
    // A damaged folder. Where this process is killed now, it is removed with other old drafts.
    const aside = await mkdtemp(draft.slice(0, -SUFFIX_LETTERS));
    await rename(folder, join(aside, 'damaged'));
    await rename(draft, folder);
    await rm(aside, { recursive: true, force: true });
  }
}

function cacheRoots(): readonly string[] {
  const { ESPALIER_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  if (ESPALIER_CACHE) return [ESPALIER_CACHE];
  const cache = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  const temporary = join(tmpdir(), `espalier-${process.getuid?.() ?? 'cache'}`);
  return cache ? [join(cache, 'espalier'), temporary] : [temporary];
}

// Libraries are loaded from the cache. In the shared temporary folder another user could have
// created it first, with libraries of theirs.
async function requireOwn(root: string): Promise<void> {
  const uid = process.getuid?.();
  const found = await lstat(root);
  const own = uid === undefined || (found.uid === uid && found.isDirectory());
  if (root.startsWith(tmpdir()) && !own) throw new Error(`${root} belongs to another user`);
}

// A process that is killed while it fills a folder leaves a draft behind. No filling takes an hour,
// so older drafts are removed. The root may hold other things than the cache, so only names that
// `mkdtemp` makes for this folder are touched.
async function removeStale(prefix: string): Promise<void> {
  const root = dirname(prefix);
  const start = basename(prefix);
  for (const name of await readdir(root)) {
    if (!name.startsWith(start) || !SUFFIX.test(name.slice(start.length))) continue;
    const draft = join(root, name);
    const state = await lstat(draft).catch(() => undefined);
    if (state && Date.now() - state.mtimeMs > STALE_MILLIS) {
      await rm(draft, { recursive: true, force: true });
    }
  }
}

async function emptyProgram(folder: string): Promise<string> {
  const file = join(folder, CONTENTS);
  await writeFile(file, '', { mode: 0o755 });
  return file;
}

// Linux tells of a file that may be executed by its mode that it may not where its file system was
// mounted so that nothing there may be.
async function requireExecution(program: string): Promise<void> {
  await access(program, constants.X_OK).catch((cause: unknown) => {
    throw new Error('programs there may not be run', { cause });
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
