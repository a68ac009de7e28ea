import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { imagesChecksum } from '../data/images.js';
import { throwIfAborted } from '../errors.js';
import { type Trial, trialName } from '../study/grid.js';
import { openTrials, trialInput } from '../study/study.js';
import { studyIdentity } from '../study/study-config.js';
import { plural } from '../text.js';
import { type Line, loadQueue, openLine, progressCells, QUEUE, type TrialJob } from './queue.js';
import { redisPlace, shownAddress } from './redis-server.js';
import type { Session } from './study-session.js';

/** How often the jobs' records are read. */
const EVERY_MILLIS = 500;

/** Seconds for which Redis keeps a job that nobody gathers. */
const AGE = 7 * 24 * 3600;

const OPTIONS = {
  attempts: 3,
  removeOnComplete: { age: AGE },
  removeOnFail: { age: AGE },
} as const;

export interface QueuedSession extends Omit<Session, 'onHost' | 'onLoss'> {
  /** Address of the Redis server. */
  readonly address: string;
  readonly version: string;
  readonly onNote: (line: string) => void;
}

/**
 * Puts a job for each trial that the folder lacks into the queue and gathers the cells from the
 * jobs' records as workers do them. Jobs stay in the queue when this ends early: the same command
 * finds them again, with what was done meanwhile.
 *
 * @throws what a trial threw on its worker; a plain error when Redis cannot be reached.
 */
export async function runQueued(session: QueuedSession): Promise<void> {
  const place = redisPlace(session.address);
  const open = openTrials(session.config, session.folder.cells);
  if (open.length === 0) return;
  const { Queue } = await loadQueue();
  const line = await openLine(session.address);
  const queue = new Queue(QUEUE, { connection: line.connection });
  queue.on('error', line.complain);
  try {
    await Promise.race([line.lost, queue.waitUntilReady()]);
    await Promise.race([line.lost, gather(session, queue, open, place)]);
  } finally {
    await closed(queue, line);
  }
}

async function gather(
  session: QueuedSession,
  queue: Queue<TrialJob>,
  open: readonly Trial[],
  place: string,
): Promise<void> {
  const { signal } = session;
  const waiting = new Set(open);
  for (let round = 0; waiting.size > 0; round++) {
    for (const trial of waiting) {
      throwIfAborted(signal);
      if (await collect(session, queue, trial, round === 0)) waiting.delete(trial);
    }
    if (round === 0) {
      session.onNote(
        `${plural(open.length, 'trial')} ${open.length === 1 ? 'waits' : 'wait'} for workers on ${place}; start some with: espalier worker --queue ${shownAddress(session.address)}`,
      );
    }
    if (waiting.size > 0) await sleep(EVERY_MILLIS);
  }
}

/** Takes what a trial's job has, and gives whether that is all. */
async function collect(
  { config, source, folder, version, onEvent }: QueuedSession,
  queue: Queue<TrialJob>,
  trial: Trial,
  first: boolean,
): Promise<boolean> {
  const jobId = trialJobId(folder.path, config, trial, version);
  // The state before the record, which then holds all that a completed job has done.
  const state = await queue.getJobState(jobId);
  const found: Job<TrialJob> | undefined = await queue.getJob(jobId);
  // A job that failed in an earlier session is tried again, from the cells that it had done.
  const stale = first && state === 'failed';
  const job = stale ? undefined : found;
  if (!job) {
    for (const cell of found ? progressCells(found.progress, config, trial) : []) {
      if (await folder.append(cell)) onEvent({ type: 'cell', trial, cell });
    }
    await found?.remove();
    const known = folder.cells.filter((cell) => trialName(cell) === trialName(trial));
    const { examples } = trialInput(config, source, trial, folder.cells);
    const job = { version, config, trial, known, crc32: imagesChecksum(examples.train) };
    await queue.add('trial', job, { ...OPTIONS, jobId });
    return false;
  }
  for (const cell of progressCells(job.progress, config, trial)) {
    if (await folder.append(cell)) onEvent({ type: 'cell', trial, cell });
  }
  if (openTrials(config, folder.cells).every((open) => trialName(open) !== trialName(trial))) {
    // A worker may still hold it for a moment; then it stays until its age removes it.
    await job.remove().catch(() => undefined);
    return true;
  }
  // The job is completed, and yet a cell is missing: somebody took it out of the folder. It is
  // computed again.
  if (state === 'completed' || state === 'failed') await job.remove();
  if (state === 'failed') {
    throw new Error(`The trial ${trialName(trial)} failed on a worker: ${job.failedReason}`, {
      cause: job.failedReason,
    });
  }
  return false;
}

/** One job for a trial of a folder, however often the command is given. */
function trialJobId(
  path: string,
  config: Session['config'],
  trial: Trial,
  version: string,
): string {
  const text = JSON.stringify([hostname(), resolve(path), studyIdentity(config), version]);
  return `${createHash('sha256').update(text).digest('hex').slice(0, 12)}-${trialName(trial)}`;
}

async function closed(queue: Queue, line: Line): Promise<void> {
  // A queue whose server is gone would wait for it for ever.
  const isLost = await Promise.race([line.lost.catch(() => true), sleep(0, false)]);
  if (isLost) await queue.disconnect();
  else await queue.close();
}
