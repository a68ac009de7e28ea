import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { EspalierError } from '../errors.js';
import { type AdapterKind, CLEARED_BY_DRIVER } from './adapter.js';
import type { Chrome } from './executable.js';
import { importPackage } from './packages.js';

export interface LaunchedChrome {
  readonly browser: Browser;
  /** Ends the browser, waits until it is gone and removes its profile. */
  close(): Promise<void>;
}

const CLOSE_MILLIS = 5_000;
const DIAGNOSIS_MILLIS = 3_000;

/**
 * Starts headless Chrome with WebGPU on an adapter of the given kind, and with a profile of its
 * own, which is removed in the end, even after a kill. It is controlled by a pipe, which closes when
 * this process ends in any way; then the browser ends too. It resolves no names, and so reaches
 * nothing but this machine.
 *
 * @throws no-webgpu when puppeteer-core is not installed or the browser does not start.
 */
export async function launchChrome(chrome: Chrome, kind: AdapterKind): Promise<LaunchedChrome> {
  const { launch } = await importPackage('puppeteer-core', () => import('puppeteer-core'));
  const profile = await mkdtemp(join(tmpdir(), 'espalier-chrome-'));
  const guard = removeAfterKill(profile);
  const args = flags(kind);
  const start = (env: NodeJS.ProcessEnv) =>
    launch({
      executablePath: chrome.executable,
      headless: true,
      pipe: true,
      userDataDir: profile,
      args: [...args],
      // Its temporary files go into the profile, so that they are removed even when it is killed.
      env: { ...env, TMPDIR: profile },
      // Signals are handled by the command line. The pipe ends the browser when this process ends.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  const removeProfile = () => {
    guard?.kill();
    return rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };

  let browser: Browser;
  try {
    browser = await start(process.env).catch(async (cause: unknown) => {
      const complaint = await diagnose(chrome.executable, args);
      if (chrome.libraries && complaint.includes('shared libraries')) {
        return start(withLibraries(chrome.libraries)).catch((second: unknown) => {
          throw notStarted(chrome.executable, complaint, second);
        });
      }
      throw notStarted(chrome.executable, complaint, cause);
    });
  } catch (error) {
    await removeProfile();
    throw error;
  }
  // Registered after puppeteer's own listener, which kills the browser that writes the profile.
  const exit = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', exit);
  return {
    browser,
    close: async () => {
      const kill = setTimeout(() => browser.process()?.kill('SIGKILL'), CLOSE_MILLIS);
      await browser.close();
      clearTimeout(kill);
      process.off('exit', exit);
      await removeProfile();
    },
  };
}

/** Waits for the end of its input, and removes the folder $0: again while the browser still ends. */
const GUARD =
  'read end; for second in 1 2 3 4 5 6 7 8 9; do rm -rf "$0"; sleep 1; [ -e "$0" ] || break; done';

/**
 * Starts a shell that removes the profile when this process is killed outright. It knows by the
 * pipe between them, which closes then, and has a process group of its own, which a kill of this
 * one's leaves alive.
 */
function removeAfterKill(profile: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const guard = spawn('/bin/sh', ['-c', GUARD, profile], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell a kill leaves the profile in the temporary folder, and nothing else is lost.
  guard.on('error', () => undefined);
  guard.unref();
  // A socket, which keeps a process alive as long as it is open.
  (guard.stdin as Socket | null)?.unref();
  return guard;
}

function flags(kind: AdapterKind): readonly string[] {
  const linux = process.platform === 'linux';
  const adapter = {
    hardware: linux
      ? ['--enable-features=Vulkan', '--use-angle=vulkan', '--disable-vulkan-surface']
      : [],
    software: ['--use-webgpu-adapter=swiftshader', ...(linux ? ['--enable-features=Vulkan'] : [])],
  };
  return [
    '--enable-unsafe-webgpu',
    // Gives timestamps that are not rounded to 100 µs, and the full description of the adapter.
    '--enable-webgpu-developer-features',
    `--disable-dawn-features=${CLEARED_BY_DRIVER}`,
    ...adapter[kind],
    '--disable-component-update',
    // An installed browser would ask its maker's hosts for updates: here it finds this machine alone.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE 0.0.0.0',
    // Chrome's sandbox refuses to start as root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
}

// Used only when Chromium does not start with the system's libraries alone. LD_LIBRARY_PATH puts
// the bundled libraries before the system's, and they need a newer C library than Chromium does.
function withLibraries(folder: string): NodeJS.ProcessEnv {
  const { LD_LIBRARY_PATH } = process.env;
  const path = LD_LIBRARY_PATH ? `${LD_LIBRARY_PATH}${delimiter}${folder}` : folder;
  return { ...process.env, LD_LIBRARY_PATH: path };
}

/** Starts the browser once more to read its stderr, which puppeteer does not give with a pipe. */
async function diagnose(executable: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      executable,
      ['--headless', ...args],
      { timeout: DIAGNOSIS_MILLIS, killSignal: 'SIGKILL' },
      (error, _stdout, stderr) => resolve(stderr.trim() || error?.message || ''),
    );
  });
}

function notStarted(executable: string, complaint: string, cause: unknown): EspalierError {
  const wayOut = /sandbox/i.test(complaint)
    ? "This system allows its sandbox to installed browsers only: install Google Chrome or Chromium from the system's packages."
    : 'Name another browser in CHROME_PATH.';
  const lines = complaint.split('\n');
  // The reason is the line with FATAL, which a stack follows. Without one it is the last line.
  const reason = lines.find((line) => line.includes('FATAL')) ?? lines.at(-1);
  return new EspalierError(
    'no-webgpu',
    {
      kind: 'message',
      message: `${executable} does not start: ${reason || String(cause)}. ${wayOut}`,
      instead: { host: 'node' },
    },
    { cause },
  );
}
