import { type Command, CommanderError } from 'commander';
import { EspalierError } from '../errors.js';
import { shown } from '../text.js';
import { messageIn } from './wording.js';

/** What the command line's exit codes mean. */
const EXIT = { done: 0, failed: 1, badUsage: 2, interrupted: 130 } as const;

export function errorExitCode(error: unknown): number {
  // Help and version arrive as errors with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badUsage;
  if (!(error instanceof EspalierError)) return EXIT.failed;
  if (error.code === 'aborted') return EXIT.interrupted;
  return error.code === 'bad-config' ? EXIT.badUsage : EXIT.failed;
}

/** One clear message in the flags of the command; the stack only for what nobody expected. */
export function explain(error: unknown, command: Command): string {
  if (error instanceof EspalierError) {
    const text = messageIn(command, error);
    return error.code === 'aborted' ? text : `error: ${text}`;
  }
  return explainOther(error);
}

/** The same for an error that is none of this library's. */
export function explainOther(error: unknown): string {
  if (!(error instanceof Error)) return shown(`error: ${String(error)}`);
  // What a system refuses, such as to write to a full disk, nobody mends by a stack.
  const expected = error.cause !== undefined || 'syscall' in error;
  return shown(expected || !error.stack ? `error: ${error.message}` : error.stack);
}

/** Ctrl-C, `kill`, and a terminal that closes. */
const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Who has heard nothing for so long believes that nobody listens. */
const SILENT_MILLIS = 1000;

/**
 * A signal that Ctrl-C fires. The work ends at its next submit, what is finished is kept, and a
 * second Ctrl-C ends the process at once. A step is never broken off, since its weights would be neither
 * the old nor the new ones; where one takes long, a line says so.
 */
export function interruptSignal(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let silence: NodeJS.Timeout | undefined;
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    silence = setTimeout(() => {
      process.stderr.write('\nEnding after the step under way. Ctrl-C again ends at once.\n');
    }, SILENT_MILLIS);
  };
  for (const name of INTERRUPTIONS) process.on(name, onInterrupt);
  const release = () => {
    clearTimeout(silence);
    for (const name of INTERRUPTIONS) process.off(name, onInterrupt);
  };
  return { signal: controller.signal, release };
}
