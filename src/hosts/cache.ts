import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';

/** Raise this when the content of the folders changes but the versions in their keys do not. */
const LAYOUT = 1;
const STALE_MILLIS = 3_600_000;

/**
 * The folder `key` of the cache. If it does not exist, `fill` fills a folder of another name, which
 * is then renamed. So the folder is complete whenever it exists, even when two processes fill it at
 * once or one is killed.
 *
 * The cache is `$ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`. When
 * the last two cannot be written, it is a folder in the system's temporary folder.
 *
 * @throws bad-config when no cache can be written.
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
      // The rename fails when another process was first. Then its folder is used.
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
