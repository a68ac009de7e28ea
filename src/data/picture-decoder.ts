import { Worker } from 'node:worker_threads';
import { EspalierError } from '../errors.js';
import type { PictureSize } from './pictures.js';

/** What a thread is asked for. */
export interface DecodeRequest {
  readonly file: string;
  readonly size: PictureSize;
  readonly crop: number | undefined;
}

/** What it answers. */
export interface DecodeReply {
  readonly outcome: { readonly pixels: Uint8Array } | { readonly problem: string };
  readonly millis: number;
}

/** Threads that decode pictures, beside the one that trains (Node only). */
export interface PictureDecoder {
  readonly threads: number;
  /**
   * Reads a file and gives its picture in the size that a network takes (`fitPicture`).
   *
   * @throws bad-data naming the file when it cannot be read or does not decode; aborted once closed.
   */
  decode(file: string, size: PictureSize, crop?: number): Promise<Uint8Array>;
  /** Pictures decoded so far, and how many a second all threads decode that are never idle; 0 before the first. */
  figures(): { readonly decoded: number; readonly perSecond: number };
  close(): Promise<void>;
}

interface Task extends DecodeRequest {
  readonly resolve: (pixels: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads are started by the first picture. Each does one at a time; further ones wait.
 *
 * @param script the path of the built `decode-worker.js`.
 */
export function openPictureDecoder(script: string, threads: number): PictureDecoder {
  const workers: Worker[] = [];
  const idle: Worker[] = [];
  const waiting: Task[] = [];
  const busy = new Map<Worker, Task>();
  let end: Error | undefined;
  let decoded = 0;
  let millisSpent = 0;

  const start = () => {
    const worker = new Worker(script);
    worker.on('message', ({ outcome, millis }: DecodeReply) => {
      const task = busy.get(worker);
      busy.delete(worker);
      idle.push(worker);
      millisSpent += millis;
      if ('pixels' in outcome) {
        decoded++;
        task?.resolve(outcome.pixels);
      } else task?.reject(undecoded(task.file, outcome.problem));
      next();
    });
    worker.on('error', (cause) => {
      fail(new Error(`A thread that decodes pictures has ended: ${cause.message}`, { cause }));
    });
    workers.push(worker);
    return worker;
  };
  const next = () => {
    while (waiting.length > 0) {
      const worker = idle.pop() ?? (workers.length < threads ? start() : undefined);
      const task = worker && waiting.shift();
      if (!task) return;
      busy.set(worker, task);
      const { file, size, crop } = task;
      const { height, width, channels } = size;
      worker.postMessage({ file, size: { height, width, channels }, crop });
    }
  };
  const fail = (error: Error) => {
    end ??= error;
    for (const task of [...busy.values(), ...waiting.splice(0)]) task.reject(end);
    busy.clear();
  };
  return {
    threads,
    decode: (file, size, crop) =>
      new Promise((resolve, reject) => {
        if (end) return reject(end);
        waiting.push({ file, size, crop, resolve, reject });
        next();
      }),
    figures: () => ({
      decoded,
      perSecond: decoded === 0 ? 0 : (1000 * threads * decoded) / millisSpent,
    }),
    close: async () => {
      fail(new EspalierError('aborted', 'Pictures are no longer decoded.'));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function undecoded(file: string, problem: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `${file} does not decode as a picture (${problem}): replace it or take it away.`,
  );
}
