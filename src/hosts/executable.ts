import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { EspalierError } from '../errors.js';
import { bundledChromium, findBundle } from './bundle.js';

export interface Chrome {
  readonly executable: string;
  /** A folder of libraries to use when the system lacks some that the executable needs. */
  readonly libraries?: string;
}

/**
 * The browser to run: `path`, else `$CHROME_PATH`, else the system's Google Chrome or Chromium,
 * else the Chromium of @sparticuz/chromium.
 *
 * @throws bad-config when `path` or `$CHROME_PATH` cannot be run; no-webgpu when no browser is
 *   found.
 */
export async function findChrome(path?: string): Promise<Chrome> {
  const wanted = path ?? process.env.CHROME_PATH;
  if (wanted) {
    if (await isExecutable(wanted)) return { executable: wanted };
    throw new EspalierError(
      'bad-config',
      `${path ? 'The browser' : 'CHROME_PATH'} ${wanted} is not a file that can be run; give the path of Chrome's executable.`,
    );
  }
  for (const executable of systemPaths()) {
    if (await isExecutable(executable)) return { executable };
  }
  if (await findBundle()) return bundledChromium();
  throw new EspalierError(
    'no-webgpu',
    'No Google Chrome or Chromium was found. Install one, name it in CHROME_PATH, or (Linux x64) run: npm install @sparticuz/chromium',
  );
}

function systemPaths(): readonly string[] {
  const { env, platform } = process;
  if (platform === 'darwin') {
    return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) =>
      ['Google Chrome', 'Chromium'].map((name) =>
        join(folder, `${name}.app`, 'Contents', 'MacOS', name),
      ),
    );
  }
  if (platform === 'win32') {
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) =>
        [join('Google', 'Chrome'), 'Chromium'].map((name) =>
          join(folder, name, 'Application', 'chrome.exe'),
        ),
      );
  }
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
