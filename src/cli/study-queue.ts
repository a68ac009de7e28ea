import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { throwIfAborted } from '../errors.js';
import { plural } from '../text.js';
import { type Line, loadQueue, openLine, progressCells, QUEUE, type TrialJob } from './queue.js';
import { redisPlace, shownAddress } from './redis-server.js';
import type { StudyRecords } from './study-records.js';
import type { TrialKind } from './trial-kinds.js';

/** How often the jobs' records are read. */
const EVERY_MILLIS = 500;

/** Seconds for which Redis keeps a job that nobody gathers. */
const AGE = 7 * 24 * 3600;

const OPTIONS = {
  attempts: 3,
  removeOnComplete: { age: AGE },
  removeOnFail: { age: AGE },
} as const;

/** A study whose trials others do. */
export interface QueuedSession<Config extends object, Trial, Cell extends Trial & object> {
  readonly kind: TrialKind<Config, Trial, Cell>;
  readonly config: Config;
  readonly folder: StudyRecords<Cell>;
  /** The trials of which the folder lacks a cell. */
  readonly open: () => readonly Trial[];
  /** The checksum of a trial's training data as they are here. */
  readonly checksum: (trial: Trial) => Promise<string>;
  readonly signal: AbortSignal;
  /** Address of the Redis server. */
  readonly address: string;
  readonly version: string;
  readonly onNote: (line: string) => void;
  /** Sees every cell after it is on the disk. */
  readonly onCell: (cell: Cell) => void;
}

/**
 * Puts a job for each trial that the folder lacks into the queue and gathers the cells from the
 * jobs' records as workers do them. Jobs stay in the queue when this ends early: the same command
 * finds them again, with what was done meanwhile.
 *
 * @throws what a trial threw on its worker; a plain error when Redis cannot be reached.
 */
export async function runQueued<Config extends object, Trial, Cell extends Trial & object>(
  session: QueuedSession<Config, Trial, Cell>,
): Promise<void> {
  const place = redisPlace(session.address);
  if (session.open().length === 0) return;
  const { Queue } = await loadQueue();
  const line = await openLine(session.address);
  const queue = new Queue<TrialJob>(QUEUE, { connection: line.connection });
  queue.on('error', line.complain);
  try {
    await Promise.race([line.lost, queue.waitUntilReady()]);
    await Promise.race([line.lost, gather(session, queue, place)]);
  } finally {
    await closed(queue, line);
  }
}

async function gather<Config extends object, Trial, Cell extends Trial & object>(
  session: QueuedSession<Config, Trial, Cell>,
  queue: Queue<TrialJob>,
  place: string,
): Promise<void> {
  const { signal, address } = session;
  const waiting = new Set(session.open());
  const trials = waiting.size;
  for (let round = 0; waiting.size > 0; round++) {
    for (const trial of waiting) {
      throwIfAborted(signal);
      if (await collect(session, queue, trial, round === 0)) waiting.delete(trial);
    }
    if (round === 0) {
      session.onNote(
        `${plural(trials, 'trial')} ${trials === 1 ? 'waits' : 'wait'} for workers on ${place}; start some with: espalier worker --queue ${shownAddress(address)}`,
      );
    }
    if (waiting.size > 0) await sleep(EVERY_MILLIS);
  }
}

/** Takes what a trial's job has, and gives whether that is all. */
async function collect<Config extends object, Trial, Cell extends Trial & object>(
  session: QueuedSession<Config, Trial, Cell>,
  queue: Queue<TrialJob>,
  trial: Trial,
  first: boolean,
): Promise<boolean> {
  const { kind, config, folder, version } = session;
  const name = kind.nameOfTrial(trial);
  const jobId = trialJobId(session, name);
  const take = async (progress: unknown) => {
    for (const cell of progressCells(kind, { config, trial }, progress)) {
      if (await folder.append(cell)) session.onCell(cell);
    }
  };
  // The state before the record, which then holds all that a completed job has done.
  const state = await queue.getJobState(jobId);
  const found: Job<TrialJob> | undefined = await queue.getJob(jobId);
  // A job that failed in an earlier session is tried again, from the cells that it had done.
  const stale = first && state === 'failed';
  const job = stale ? undefined : found;
  if (!job) {
    if (found) await take(found.progress);
    await found?.remove();
    const known = folder.cells.filter((cell) => kind.nameOfTrial(cell) === name);
    const crc32 = await session.checksum(trial);
    const job = { version, study: kind.name, config, trial: name, known, crc32 };
    await queue.add('trial', job, { ...OPTIONS, jobId });
    return false;
  }
  await take(job.progress);
  if (session.open().every((open) => kind.nameOfTrial(open) !== name)) {
    // A worker may still hold it for a moment; then it stays until its age removes it.
    await job.remove().catch(() => undefined);
    return true;
  }
  // The job is completed, and yet a cell is missing: somebody took it out of the folder. It is
  // computed again.
  if (state === 'completed' || state === 'failed') await job.remove();
  if (state === 'failed') {
    throw new Error(`The trial ${name} failed on a worker: ${job.failedReason}`, {
      cause: job.failedReason,
    });
  }
  return false;
}

/** One job for a trial of a folder, however often the command is given. */
function trialJobId<Config extends object, Trial, Cell extends Trial & object>(
  { kind, config, folder, version }: QueuedSession<Config, Trial, Cell>,
  trial: string,
): string {
  const text = JSON.stringify([hostname(), resolve(folder.path), kind.identity(config), version]);
  return `${createHash('sha256').update(text).digest('hex').slice(0, 12)}-${trial}`;
}

async function closed(queue: Queue, line: Line): Promise<void> {
  // A queue whose server is gone would wait for it for ever.
  const isLost = await Promise.race([line.lost.catch(() => true), sleep(0, false)]);
  if (isLost) await queue.disconnect();
  else await queue.close();
}
