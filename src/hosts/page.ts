import { EspalierError } from '../errors.js';
import { openDevice, type Tuning } from '../gpu/device.js';
import { openBrowserAdapter } from './browser.js';
import type { AdapterPreference, Host, Job, Jobs } from './host.js';
import { localHost } from './local.js';
import { decode, encode } from './message.js';

/**
 * What the process asks of the page. Each call has an id, which its replies and its `stop` repeat.
 */
export type Command =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly adapter: AdapterPreference;
      /** Configurations that were measured before. Without this the page measures none. */
      readonly tuning?: Tuning | undefined;
    }
  /** Asks for all configurations that are measured by now. */
  | { readonly kind: 'tuning'; readonly id: number }
  | { readonly kind: 'execute'; readonly id: number; readonly job: string; readonly input: unknown }
  | { readonly kind: 'stop'; readonly id: number };

/** What the page answers: any number of events, then one result or failure. */
export type Reply =
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly output?: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: Failure };

export interface Failure {
  /** Code and details of an EspalierError, from which it can be made again. */
  readonly ours?: Pick<EspalierError, 'code' | 'details'>;
  readonly message: string;
  readonly stack?: string;
}

type AnyJob = Job<unknown, unknown, unknown>;

/**
 * Runs the jobs that the process asks for which opened this page (see `openChromeHost`). Never
 * returns: it ends when the page is closed. A page script ends with `await serveJobs(jobs,
 * navigator.gpu)`.
 */
export async function serveJobs(jobs: Jobs, gpu: GPU | undefined): Promise<never> {
  const running = new Map<number, AbortController>();
  let host: Host<Record<string, AnyJob>> | undefined;

  let tuning: Tuning | undefined;

  const open = async ({ adapter, tuning: known }: Extract<Command, { kind: 'open' }>) => {
    tuning = known;
    const device = await openDevice(await openBrowserAdapter(gpu, adapter), { tuning });
    host = localHost('browser', jobs as Record<string, AnyJob>, device);
  };

  const execute = async (id: number, job: string, input: unknown) => {
    const stop = new AbortController();
    running.set(id, stop);
    try {
      if (!host) throw new Error('The page was asked for a job before its adapter was opened.');
      const onEvent = (event: unknown) => reply({ kind: 'event', id, event });
      return await host.execute(job, input, { onEvent, signal: stop.signal });
    } finally {
      running.delete(id);
    }
  };

  const carryOut = async (command: Exclude<Command, { kind: 'stop' }>): Promise<unknown> => {
    if (command.kind === 'open') return await open(command);
    if (command.kind === 'tuning') return tuning;
    return await execute(command.id, command.job, command.input);
  };

  const answer = async (command: Exclude<Command, { kind: 'stop' }>) => {
    const { id } = command;
    try {
      await reply({ kind: 'result', id, output: await carryOut(command) });
    } catch (error) {
      await reply({ kind: 'failure', id, error: asFailure(error) });
    }
  };

  for (;;) {
    const command = decode(await post('next')) as Command;
    if (command.kind === 'stop') running.get(command.id)?.abort();
    // Not awaited, so that a `stop` is received while a job runs. `reportError` tells the process.
    else answer(command).catch(reportError);
  }
}

function asFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  return {
    message,
    ...(error instanceof EspalierError && { ours: { code: error.code, details: error.details } }),
    ...(stack !== undefined && { stack }),
  };
}

async function reply(reply: Reply): Promise<void> {
  await post('reply', encode(reply));
}

async function post(path: string, body: BodyInit | null = null): Promise<Uint8Array> {
  const response = await fetch(path, { method: 'POST', body });
  if (!response.ok) throw new Error(`The process answered ${response.status} to ${path}.`);
  return new Uint8Array(await response.arrayBuffer());
}
