import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';

/** Raised when what the folders hold changes while the packages they come from do not. */
const LAYOUT = 1;
const STALE_MILLIS = 3_600_000;

/**
 * The folder `key` of the cache, filled by `fill` when it is not there yet. It is filled under
 * another name and then renamed. So it is whole or absent, even when two processes fill it or one is
 * killed.
 * The cache is `$ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`, else,
 * where that cannot be written, a folder in the system's temporary folder.
 *
 * @throws bad-config when none of them can be written.
 */
export async function cachedFolder(
  key: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const name = `${key}-${LAYOUT}`;
  let problem: unknown;
  const roots = cacheRoots();
  for (const root of roots) {
    const folder = join(root, name);
    let draft: string;
    try {
      await mkdir(root, { recursive: true, mode: 0o700 });
      await requireOwn(root);
      if (await exists(folder)) return folder;
      draft = await mkdtemp(join(root, `.${name}-`));
    } catch (error) {
      problem = error;
      continue;
    }
    try {
      await fill(draft);
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process may have been first; its folder is as good.
      if (!(await exists(folder))) throw error;
    }
    await removeStale(root, name);
    return folder;
  }
  throw new EspalierError(
    'bad-config',
    `Cannot write a cache in ${roots.join(' or ')}: ${String(problem)}. Set ESPALIER_CACHE to a folder of yours that can be written.`,
    { cause: problem },
  );
}

function cacheRoots(): readonly string[] {
  const { ESPALIER_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  if (ESPALIER_CACHE) return [ESPALIER_CACHE];
  const cache = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  const temporary = join(tmpdir(), `espalier-${process.getuid?.() ?? 'cache'}`);
  return cache ? [join(cache, 'espalier'), temporary] : [temporary];
}

// Libraries are loaded from here: in a shared temporary folder somebody else could have made it first.
async function requireOwn(root: string): Promise<void> {
  const uid = process.getuid?.();
  const found = await lstat(root);
  const own = uid === undefined || (found.uid === uid && found.isDirectory());
  if (root.startsWith(tmpdir()) && !own) throw new Error(`${root} belongs to another user`);
}

// A process that was killed while filling leaves its draft; no filling takes an hour. The root may be
// a folder that holds more than the cache, so only what `mkdtemp` has named for this folder is removed.
async function removeStale(root: string, name: string): Promise<void> {
  const prefix = `.${name}-`;
  for (const found of await readdir(root)) {
    if (!found.startsWith(prefix) || !/^[A-Za-z0-9]{6}$/.test(found.slice(prefix.length))) continue;
    const draft = join(root, found);
    const state = await lstat(draft).catch(() => undefined);
    if (state && Date.now() - state.mtimeMs > STALE_MILLIS) {
      await rm(draft, { recursive: true, force: true });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
