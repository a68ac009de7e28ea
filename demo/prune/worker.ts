import { EspalierError, errorMessage } from '../../src/errors.js';
import type { CallName, FromWorker, Progress, ToWorker } from './protocol.js';
import { createWorkshop, type Workshop } from './workshop.js';

const workshop = createWorkshop(navigator.gpu, navigator.locks);
const running = new Map<number, AbortController>();

/** Calls follow one another: each finds what the one before has left. Those that only look wait for nobody. */
let queue: Promise<unknown> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'cancel') {
    running.get(data.id)?.abort();
    return;
  }
  const { id, name, takes } = data;
  const abort = new AbortController();
  running.set(id, abort);
  const tell = (progress: Progress) => send({ kind: 'progress', id, progress });
  const carryOut = workshop[name] as (...given: Parameters<Workshop[CallName]>) => Promise<unknown>;
  const work = () => carryOut(takes as never, { signal: abort.signal, tell });
  const looks = name === 'plan' || name === 'file';
  const turn = looks ? work() : queue.then(work);
  if (!looks) queue = turn.catch(() => undefined);
  turn
    .then((gives) => send({ kind: 'done', id, gives }))
    .catch((error: unknown) => send(failure(id, error)))
    .finally(() => running.delete(id));
});

function failure(id: number, error: unknown): FromWorker {
  const ours =
    error instanceof EspalierError ? { code: error.code, details: error.details } : undefined;
  return { kind: 'failed', id, message: errorMessage(error), ...(ours && { ours }) };
}

function send(message: FromWorker): void {
  postMessage(message);
}
