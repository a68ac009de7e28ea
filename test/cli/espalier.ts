import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const CLI = join(import.meta.dirname, '../../dist/cli.js');

/** A child that hangs must fail its own test, not the whole file. */
const TIMEOUT_MILLIS = 180_000;

export interface Outcome {
  readonly code: number | null;
  /** What killed it. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way: its process, what it has written to stderr so far, and its end. */
export interface Started {
  readonly child: ChildProcess;
  /** Resolves once stderr matches. */
  said(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Outcome>;
}

/** Starts the built command line, as `npx espalier` does. */
export function start(
  args: readonly string[],
  { cwd, timeout = TIMEOUT_MILLIS }: { readonly cwd?: string; readonly timeout?: number } = {},
): Started {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    // A process group of its own, to which a test can send what a terminal sends.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(stderr)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(
        () => reject(new Error(`It ended without having said ${pattern}:\n${stderr}`)),
        reject,
      );
    });
  return { child, said, ended };
}

/** Runs the built command line to its end, in the folder `cwd`. */
export function espalier(args: readonly string[], cwd: string): Promise<Outcome> {
  return start(args, { cwd }).ended;
}
