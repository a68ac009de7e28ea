import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The file in a folder that tells what else was put there. */
export const CONTENTS = '.contents.json';

interface Recorded {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly sha256: string;
}

/** Writes down which files a folder holds, with their sizes, times and digests. */
export async function recordContents(folder: string): Promise<void> {
  const contents: Record<string, Recorded> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const name = relative(folder, file);
    if (!entry.isFile() || name === CONTENTS) continue;
    const { size, mtimeMs } = await stat(file);
    contents[name] = { bytes: size, modified: mtimeMs, sha256: await digest(file) };
  }
  // Executable, so that it shows whether programs beside it may be run.
  await writeFile(join(folder, CONTENTS), JSON.stringify(contents), { mode: 0o755, flush: true });
}

/**
 * Whether a folder still holds all that was recorded. A digest is only looked at where a file has
 * another time than then, as a copy has: the libraries here take long to read.
 */
export async function holdsAll(folder: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, CONTENTS), 'utf8');
    const contents = Object.entries(JSON.parse(text) as Readonly<Record<string, Recorded>>);
    const checks = contents.map(([name, recorded]) => isSame(join(folder, name), recorded));
    return (await Promise.all(checks)).every(Boolean);
  } catch {
    // A file is missing or cannot be read, or the record itself is damaged.
    return false;
  }
}

async function isSame(file: string, { bytes, modified, sha256 }: Recorded): Promise<boolean> {
  const found = await stat(file);
  if (!found.isFile() || found.size !== bytes) return false;
  return found.mtimeMs === modified || (await digest(file)) === sha256;
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}
