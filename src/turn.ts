import { throwIfAborted } from './errors.js';

/** Random draws between two turns: some milliseconds. */
export const DRAWS_IN_A_TURN = 100_000;

/**
 * Lets whatever waits have its turn, an interruption too: to be awaited now and then in long work of
 * the CPU.
 *
 * @throws aborted when the signal has fired.
 */
export async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  throwIfAborted(signal);
}
