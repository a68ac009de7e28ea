import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'bullmq';
import { z } from 'zod';
import { EspalierError } from '../errors.js';
import { type Cell, cellKey, requireCell } from '../study/cell.js';
import { hasCell, hasTrial, type Trial, trialName } from '../study/grid.js';
import { parseStudyConfig, type StudyConfig } from '../study/study-config.js';
import { quoted } from '../text.js';
import { greetServer, redisPlace } from './redis-server.js';

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

const progressSchema = z.object({ cells: z.array(z.unknown()) });

/**
 * The cells in a job's record of its work, none before it has any.
 *
 * @throws bad-data when it holds what is no cell of that trial: a Redis server takes anything from anyone.
 */
export function progressCells(
  progress: unknown,
  config: StudyConfig,
  trial: Trial,
): readonly Cell[] {
  // What the queue gives before a worker has said anything.
  if (progress === 0) return [];
  const fail = (why: string) =>
    new EspalierError(
      'bad-data',
      `What the queue holds of the trial ${trialName(trial)} is no work of a worker (${why}). Find out who else writes to that server, empty its queue ${QUEUE}, and give the same command again.`,
    );
  const parsed = progressSchema.safeParse(progress);
  if (!parsed.success) throw fail('no list of cells');
  return parsed.data.cells.map((value) => {
    const cell = requireCell(value, fail);
    if (trialName(cell) !== trialName(trial) || !hasCell(config, cell)) {
      throw fail(`its cell ${quoted(cellKey(cell))} is of something else`);
    }
    return cell;
  });
}

const jobSchema = z.object({
  version: z.string(),
  config: z.unknown(),
  trial: z.object({
    examples: z.int(),
    trial: z.int(),
    width: z.int(),
    learningRate: z.number(),
    batch: z.union([z.int(), z.literal('full')]),
  }),
  known: z.array(z.unknown()),
  crc32: z.string(),
});

/**
 * A job as it lies in the queue, checked.
 *
 * @throws bad-data when it is no trial of a study; bad-config when it is another version's.
 */
export function requireJob(data: unknown, version: string): TrialJob {
  const fail = (why: string) =>
    new EspalierError('bad-data', `A job in the queue ${QUEUE} is no trial of a study (${why}).`);
  const parsed = jobSchema.safeParse(data);
  if (!parsed.success) throw fail(parsed.error.issues[0]?.path.join('.') || 'it is no record');
  const { trial, known, crc32 } = parsed.data;
  if (parsed.data.version !== version) {
    throw new EspalierError(
      'bad-config',
      `The study comes from espalier ${quoted(parsed.data.version)}, this worker is ${version}; use the same.`,
    );
  }
  const config = parseStudyConfig(parsed.data.config);
  if (!hasTrial(config, trial)) throw fail(`its study has no trial ${trialName(trial)}`);
  return { version, config, trial, known: known.map((cell) => requireCell(cell, fail)), crc32 };
}

/** How often to try a server that has never answered, and one that has answered before. */
const TRIES = { first: 4, again: 9 } as const;
const LONGEST_WAIT_MILLIS = 5000;

/** A connection that tries again, waiting twice as long each time, until it gives up. */
export interface Line {
  readonly connection: ConnectionOptions;
  /** Rejects when it gives up. */
  readonly lost: Promise<never>;
  /** To be called with what the connection complains of. */
  complain(error: Error): void;
}

/**
 * Opens a connection to the server once it answers.
 *
 * @throws bad-config when the address is none of Redis, or the server refuses us; a plain error when
 *   nothing answers.
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
  for (let count = 1; ; count++) {
    try {
      await greetServer(address);
      return;
    } catch (error) {
      if (error instanceof EspalierError) throw error;
      if (count === TRIES.first) throw unreachable(redisPlace(address), errorWords(error), count);
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
