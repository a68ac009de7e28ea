import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Of the trial's training examples, where the study was begun. */
  readonly crc32: string;
}

/** What the job's record holds of its work. It outlives the worker and the process that gathers. */
export interface TrialProgress {
  readonly cells: readonly Cell[];
}

export function progressCells(progress: unknown): readonly Cell[] {
  return (progress as Partial<TrialProgress> | undefined)?.cells ?? [];
}

/** How often to try a server that has never answered, and one that has answered before. */
const TRIES = { first: 4, again: 9 } as const;
const REDIS_PORT = 6379;
const LONGEST_WAIT_MILLIS = 5000;
const CONNECT_MILLIS = 10_000;

/** A connection that tries again, waiting twice as long each time, until it gives up. */
export interface Line {
  readonly connection: ConnectionOptions;
  /** Rejects when it gives up. */
  readonly lost: Promise<never>;
  /** To be called with what the connection complains of. */
  complain(error: Error): void;
}

/**
 * Opens a connection to the server once something listens there.
 *
 * @throws bad-config when the address is none of Redis; a plain error when nothing listens.
 */
export async function openLine(address: string): Promise<Line> {
  const place = redisPlace(address);
  // Not left to the queue's own client: one that has never been ready fails once more when it is closed.
  await waitForServer(address);
  let complaint = 'no answer';
  let giveUp: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  // It may be rejected when nobody waits for it any more.
  lost.catch(() => undefined);
  return {
    lost,
    complain: (error) => {
      complaint = errorWords(error);
    },
    connection: {
      url: address,
      maxRetriesPerRequest: null,
      retryStrategy: (count: number) => {
        if (count < TRIES.again) return waitAfter(count);
        giveUp(unreachable(place, complaint, count));
        return null;
      },
    },
  };
}

async function waitForServer(address: string): Promise<void> {
  const { hostname, port } = new URL(address);
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || REDIS_PORT) };
  for (let count = 1; ; count++) {
    const socket = connect({ ...to, timeout: CONNECT_MILLIS });
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (count === TRIES.first) throw unreachable(redisPlace(address), errorWords(error), count);
    } finally {
      socket.destroy();
    }
    await sleep(waitAfter(count));
  }
}

function waitAfter(count: number): number {
  return Math.min(100 * 2 ** count, LONGEST_WAIT_MILLIS);
}

/** A refusal by both of a name's addresses comes as an AggregateError without a message. */
function errorWords(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || 'no answer';
}

function unreachable(place: string, complaint: string, tries: number): Error {
  return new Error(
    `Redis at ${place} cannot be reached (${complaint}), after ${tries} tries. Start it, or mend --queue, and give the same command again: nothing that was finished is lost.`,
    { cause: complaint },
  );
}

/** Host and port of an address, without its password. */
export function redisPlace(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.hostname && /^rediss?:$/.test(url.protocol))
    return `${url.hostname}:${url.port || REDIS_PORT}`;
  throw new EspalierError(
    'bad-config',
    '--queue must be the address of a Redis server, such as redis://localhost:6379.',
  );
}

/** The address as others may see it. */
export function shownAddress(address: string): string {
  return `${new URL(address).protocol}//${redisPlace(address)}`;
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
