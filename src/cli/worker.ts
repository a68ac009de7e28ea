import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { Command } from 'commander';
import { type ErrorCode, EspalierError } from '../errors.js';
import { shown } from '../text.js';
import { adapterOption, hostOption, tuningOption } from './flags.js';
import type { HostFlags } from './host.js';
import { FolderHeld } from './lock.js';
import { interruptSignal } from './outcome.js';
import { loadQueue, openLine, QUEUE, type TrialJob } from './queue.js';
import { redisPlace } from './redis-server.js';
import { addStudy } from './study.js';
import { messageIn } from './wording.js';
import { openWorkplace } from './workplace.js';

/** A worker that has not been heard of for so long is taken for dead, and its job is given away. */
const LOCK_MILLIS = 15_000;
const LOOK_FOR_DEAD_MILLIS = 5_000;

interface WorkerFlags extends HostFlags {
  readonly queue: string;
  readonly networks: string;
}

export function addWorker(program: Command, version: string): void {
  program
    .command('worker')
    .description('Does trials of the studies that a Redis server holds, until Ctrl-C.')
    .requiredOption('--queue <address>', 'of the Redis server: redis://host:port')
    .option(
      '--networks <folder>',
      'where the networks of studies with --architecture stay',
      'runs/worker',
    )
    .addOption(hostOption())
    .addOption(adapterOption())
    .addOption(tuningOption())
    .addHelpText(
      'after',
      `
Examples:
  espalier study --queue redis://big:6379     hand the trials out, and gather the results
  espalier worker --queue redis://big:6379    do some of them; on as many machines as there are`,
    )
    .action((flags: WorkerFlags) => {
      // Whoever reads why a trial failed has started a study, so the words are those of its flags.
      const asking = new Command();
      addStudy(asking, version);
      const [study = asking] = asking.commands;
      return work(flags, version, (error) => messageIn(study, error));
    });
}

async function work(
  flags: WorkerFlags,
  version: string,
  explained: (error: unknown) => string,
): Promise<void> {
  const place = redisPlace(flags.queue);
  const { Worker, DelayedError, UnrecoverableError } = await loadQueue();
  const line = await openLine(flags.queue);
  const { signal, release } = interruptSignal();
  const note = (text: string) => process.stderr.write(`${shown(text)}\n`);
  const workplace = openWorkplace(flags, { version, signal, onNote: note });
  // Its number tells the trial, and stands in the queue as anybody wrote it.
  const name = ({ id }: Job) => (id ?? '').replace(/^[0-9a-f]+-/, '');
  let busy = false;
  const take = async (job: Job<TrialJob>, token?: string) => {
    note(`${name(job)}: started.`);
    busy = true;
    try {
      await workplace.doJob(job);
      busy = false;
    } catch (error) {
      // Neither done nor failed: the lock runs out, and another worker takes the job over.
      if (signal.aborted) await new Promise(() => undefined);
      busy = false;
      const message = explained(error);
      note(`${name(job)}: ${message}`);
      // Whoever has it finishes it, and it is found done by the next who takes it.
      if (error instanceof FolderHeld && error.alive) {
        note(`${name(job)}: put back into the queue.`);
        await job.moveToDelayed(Date.now() + LOCK_MILLIS, token);
        throw new DelayedError();
      }
      // Trying again makes sense only where another device may do better.
      const again = error instanceof EspalierError && RETRIED.has(error.code);
      throw again ? new Error(message, { cause: error }) : new UnrecoverableError(message);
    }
  };
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      const rest = busy ? ' Another worker takes the trial over.' : '';
      reject(new EspalierError('aborted', `Interrupted.${rest}`));
    });
  });
  let worker: InstanceType<typeof Worker<TrialJob>> | undefined;
  try {
    // First of all, so that a worker without an adapter takes no trial from those that have one.
    await Promise.race([line.lost, interrupted, workplace.open()]);
    worker = new Worker<TrialJob>(QUEUE, take, {
      connection: line.connection,
      lockDuration: LOCK_MILLIS,
      stalledInterval: LOOK_FOR_DEAD_MILLIS,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    worker.on('error', line.complain);
    worker.on('completed', (job) => note(`${name(job)}: done.`));
    await Promise.race([line.lost, interrupted, worker.waitUntilReady()]);
    note(`Waiting for trials on ${place}.`);
    await Promise.race([line.lost, interrupted]);
  } finally {
    release();
    // Forced, since it would otherwise wait for the job under way.
    if (worker) await Promise.race([worker.close(true), sleep(1000)]);
    await workplace.close();
  }
}

const RETRIED: ReadonlySet<string> = new Set<ErrorCode>([
  'device-lost',
  'out-of-memory',
  'limit-exceeded',
  'no-adapter',
  'no-webgpu',
]);
