import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../errors.js';
import { decodePicture } from './decode-picture.js';
import type { DecodeReply, DecodeRequest } from './picture-decoder.js';
import { fitPicture } from './resize.js';

const port = parentPort;

/** Decodes one picture after the other for the thread that started this one. */
port?.on('message', async ({ file, size, crop }: DecodeRequest) => {
  const start = performance.now();
  const reply = (outcome: DecodeReply['outcome'], transferred: readonly ArrayBuffer[] = []) =>
    port.postMessage({ outcome, millis: performance.now() - start }, transferred);
  try {
    const pixels = fitPicture(decodePicture(await readFile(file)), size, crop);
    reply({ pixels }, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    reply({ problem: errorMessage(error) });
  }
});
