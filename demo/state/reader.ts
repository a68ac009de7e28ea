import { EspalierError, type ImageSource } from '../../src/index.js';
import type { Read } from './read-worker.js';

/**
 * Reads images from the person's files in a worker of their own: a table of all of MNIST takes
 * seconds, in which the page would stand still.
 *
 * @throws bad-data naming the file and what is wrong with it.
 */
export async function readInWorker(files: readonly File[]): Promise<ImageSource> {
  const worker = new Worker(new URL('./read-worker.ts', import.meta.url), { type: 'module' });
  try {
    const read = await new Promise<Read>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<Read>) => resolve(data));
      worker.addEventListener('error', ({ message }) => reject(new Error(message)));
      worker.postMessage(files);
    });
    if ('source' in read) return read.source;
    if ('code' in read) throw new EspalierError(read.code, read.details);
    throw new Error(read.unexpected);
  } finally {
    worker.terminate();
  }
}
