import { EspalierError } from '../../src/index.js';
import type { CallName, Calls, FromWorker, Progress, ToWorker } from './protocol.js';

interface Waiting {
  readonly resolve: (gives: never) => void;
  readonly reject: (error: unknown) => void;
  readonly tell: ((progress: Progress) => void) | undefined;
}

/** Asks the worker for something; `signal` cancels it, which it answers with the error `aborted`. */
export type Ask = <Name extends CallName>(
  name: Name,
  takes: Calls[Name]['takes'],
  how?: { readonly tell?: (progress: Progress) => void; readonly signal?: AbortSignal },
) => Promise<Calls[Name]['gives']>;

/** Starts the worker that reads, prunes and keeps networks, so that the page stays smooth. */
export function startWorker(): Ask {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let broken: Error | undefined;
  const send = (message: ToWorker) => worker.postMessage(message);
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    const call = waiting.get(data.id);
    if (!call) return;
    if (data.kind === 'progress') {
      call.tell?.(data.progress);
      return;
    }
    waiting.delete(data.id);
    if (data.kind === 'done') call.resolve(data.gives as never);
    else
      call.reject(
        data.ours ? new EspalierError(data.ours.code, data.ours.details) : new Error(data.message),
      );
  });
  worker.addEventListener('error', ({ message }) => {
    const error = new Error(message || 'The part of this page that prunes could not be started.');
    broken = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  return (name, takes, { tell, signal } = {}) => {
    if (broken) return Promise.reject(broken);
    const id = next++;
    const cancel = () => send({ kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, tell });
      send({ kind: 'call', id, name, takes });
    });
  };
}
