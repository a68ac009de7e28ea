import { type ErrorDetails, PLAIN, worded } from './wording.js';

/** What went wrong, in one word a program can switch on. */
export type ErrorCode =
  | 'no-webgpu'
  | 'no-adapter'
  | 'limit-exceeded'
  | 'out-of-memory'
  | 'device-lost'
  | 'shader'
  | 'diverged'
  | 'bad-data'
  | 'bad-config'
  | 'bad-network'
  | 'aborted';

/**
 * Every error this library throws on purpose. `details` says what was given, what was expected and
 * the way out, as data that a face words in its own terms; `message` has them in plain words, and
 * `cause` the original error where there was one.
 */
export class EspalierError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** @param what details, or a message that is complete in itself and names no setting. */
  constructor(code: ErrorCode, what: ErrorDetails | string, options?: ErrorOptions) {
    const details = typeof what === 'string' ? ({ kind: 'message', message: what } as const) : what;
    super(worded(PLAIN, details), options);
    this.name = 'EspalierError';
    this.code = code;
    this.details = details;
  }
}

/** Throws `aborted` when the signal has fired; called between submits, never inside one. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new EspalierError('aborted', 'Interrupted.', { cause: signal.reason });
  }
}

/** What was thrown, as text. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
