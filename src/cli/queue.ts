import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'bullmq';
import { z } from 'zod';
import { EspalierError } from '../errors.js';
import { keyOfCell, requireCellOf } from '../study/records.js';
import { quoted } from '../text.js';
import { greetServer, redisPlace } from './redis-server.js';
import type { TrialKind } from './trial-kinds.js';

/** The queue of all studies on one Redis server. */
export const QUEUE = 'espalier-trials';

/** A trial that waits for a worker, as it lies in the queue. */
export interface TrialJob {
  /** Of the command line that made it: other versions may give other figures. */
  readonly version: string;
  /** The name of the study's kind. */
  readonly study: string;
  readonly config: object;
  /** The name of the trial. */
  readonly trial: string;
  /** Cells of the trial that were there before. */
  readonly known: readonly object[];
  /** Of the trial's training data, where the study was begun. */
  readonly crc32: string;
}

/** What is left to do of one trial of a study. */
export interface QueuedTrial<Config, Trial, Cell> {
  readonly config: Config;
  readonly trial: Trial;
  readonly known: readonly Cell[];
  readonly crc32: string;
}

/** What the job's record holds of its work. It outlives the worker and the process that gathers. */
const progressSchema = z.object({ cells: z.array(z.unknown()) });

/**
 * The cells in a job's record of its work, none before it has any.
 *
 * @throws bad-data when it holds what is no cell of that trial: a Redis server takes anything from anyone.
 */
export function progressCells<Config extends object, Trial, Cell extends Trial & object>(
  kind: TrialKind<Config, Trial, Cell>,
  own: { readonly config: Config; readonly trial: Trial },
  progress: unknown,
): readonly Cell[] {
  // What the queue gives before a worker has said anything.
  if (progress === 0) return [];
  const fail = (why: string) =>
    new EspalierError(
      'bad-data',
      `What the queue holds of the trial ${kind.nameOfTrial(own.trial)} is no work of a worker (${why}). Find out who else writes to that server, empty its queue ${QUEUE}, and give the same command again.`,
    );
  const parsed = progressSchema.safeParse(progress);
  if (!parsed.success) throw fail('no list of cells');
  return parsed.data.cells.map((value) => requireTrialCell(kind, own, { value, fail }));
}

/** @throws what `fail` makes of what is wrong with a cell, or of one that is of another trial. */
function requireTrialCell<Config extends object, Trial, Cell extends Trial & object>(
  kind: TrialKind<Config, Trial, Cell>,
  { config, trial }: { readonly config: Config; readonly trial: Trial },
  { value, fail }: { readonly value: unknown; readonly fail: (why: string) => EspalierError },
): Cell {
  const cell = requireCellOf(kind.cells, value, fail);
  const isOwn = kind.nameOfTrial(cell) === kind.nameOfTrial(trial) && kind.hasCell(config, cell);
  if (isOwn) return cell;
  throw fail(`its cell ${quoted(keyOfCell(kind.cells, cell))} is of something else`);
}

const jobSchema = z.object({
  version: z.string(),
  study: z.string(),
  config: z.unknown(),
  trial: z.string(),
  known: z.array(z.unknown()),
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
});

/**
 * A job as it lies in the queue, checked.
 *
 * @throws bad-data when it is no trial of such a study; bad-config when it is another version's.
 */
export function requireJob<Config extends object, Trial, Cell extends Trial & object>(
  kind: TrialKind<Config, Trial, Cell>,
  data: unknown,
  version: string,
): QueuedTrial<Config, Trial, Cell> {
  const fail = (why: string) =>
    new EspalierError('bad-data', `A job in the queue ${QUEUE} is no trial of a study (${why}).`);
  const parsed = jobSchema.safeParse(data);
  if (!parsed.success) throw fail(parsed.error.issues[0]?.path.join('.') || 'it is no record');
  const { study, trial: name, known, crc32 } = parsed.data;
  if (parsed.data.version !== version) {
    throw new EspalierError(
      'bad-config',
      `The study comes from espalier ${quoted(parsed.data.version)}, this worker is ${version}; use the same.`,
    );
  }
  if (study !== kind.name) throw fail(`it is of ${quoted(study)}`);
  const config = kind.parse(parsed.data.config);
  const trial = kind.trials(config).find((one) => kind.nameOfTrial(one) === name);
  if (trial === undefined) throw fail(`its study has no trial ${quoted(name)}`);
  const own = { config, trial };
  return {
    ...own,
    known: known.map((value) => requireTrialCell(kind, own, { value, fail })),
    crc32,
  };
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
