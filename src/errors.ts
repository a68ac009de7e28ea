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
 * Every error this library throws on purpose. The message names what was given, what was expected
 * and the way out; `cause` keeps the original error where there was one.
 */
export class EspalierError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EspalierError';
    this.code = code;
  }
}

/** Throws `aborted` when the signal has fired; called between submits, never inside one. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new EspalierError('aborted', 'Interrupted.', { cause: signal.reason });
  }
}

/** What was thrown, as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
