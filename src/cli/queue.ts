import type { ConnectionOptions } from 'bullmq';
import { EspalierError } from '../errors.js';
import type { Cell } from '../study/cell.js';
import type { Trial } from '../study/grid.js';
import type { StudyConfig } from '../study/study-config.js';

/** The queue of all studies on one Redis server. */
export const QUEUE = 'espalier-trials';

/** A trial that waits for a worker. */
export interface TrialJob {
  /** Of the command line that made it: other versions may give other figures. */
  readonly version: string;
  readonly config: StudyConfig;
  readonly trial: Trial;
  /** Cells of the trial that were there before. */
  readonly known: readonly Cell[];
}

/** What the job's record holds of its work: it outlives both the worker and who gathers. */
export interface TrialProgress {
  readonly cells: readonly Cell[];
}

export function cellsOf(progress: unknown): readonly Cell[] {
  return (progress as Partial<TrialProgress> | undefined)?.cells ?? [];
}

/** Tries to reach a server that never answered, and one that did and is gone. */
const TRIES = { first: 4, again: 9 } as const;
const LONGEST_WAIT_MILLIS = 5000;

/** A connection that tries again, waiting twice as long each time, until it gives up. */
export interface Line {
  readonly connection: ConnectionOptions;
  /** Rejects when it gives up. */
  readonly lost: Promise<never>;
  /** To be called once the server has answered. */
  reached(): void;
  /** To be called with what the connection complains of. */
  complain(error: Error): void;
}

/** @throws bad-config when the address is none of Redis. */
export function openLine(address: string): Line {
  const place = placeOf(address);
  let tries: number = TRIES.first;
  let complaint = 'no answer';
  let giveUp: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  // Who has ended already does not look any more.
  lost.catch(() => undefined);
  return {
    lost,
    reached: () => {
      tries = TRIES.again;
    },
    complain: (error) => {
      // A refusal by both of a name's addresses comes as an AggregateError without a message.
      const { code } = error as { code?: string };
      complaint = error.message || code || complaint;
    },
    connection: {
      url: address,
      maxRetriesPerRequest: null,
      retryStrategy: (count: number) => {
        if (count < tries) return Math.min(100 * 2 ** count, LONGEST_WAIT_MILLIS);
        giveUp(
          new Error(
            `Redis at ${place} cannot be reached (${complaint}), after ${count} tries. Start it, or mend --queue, and give the same command again: nothing that was finished is lost.`,
            { cause: complaint },
          ),
        );
        return null;
      },
    },
  };
}

/** Host and port of an address, without its password. */
export function placeOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.hostname && /^rediss?:$/.test(url.protocol))
    return `${url.hostname}:${url.port || 6379}`;
  throw new EspalierError(
    'bad-config',
    '--queue must be the address of a Redis server, such as redis://localhost:6379.',
  );
}

/** @throws bad-config naming the package when it is not installed. */
export async function loadQueue(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch (cause) {
    throw new EspalierError(
      'bad-config',
      'The optional package bullmq, which --queue needs, is not installed or does not load. Run: npm install bullmq',
      { cause },
    );
  }
}
