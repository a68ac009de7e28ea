import { availableParallelism } from 'node:os';
import { openPictureDecoder, type PictureDecoder } from '../data/picture-decoder.js';
import type { HostChoice } from '../hosts/choose.js';
import type { StreamedRates } from '../study/model/rates.js';
import { builtPath } from './built.js';

/** Threads to decode by at most: no adapter known to us learns from more pictures than so many decode. */
const MOST_THREADS = 16;

/** Decodes pictures for a device in this process; pictures are not streamed into Chrome's page. */
export function openDecoder(host: HostChoice): PictureDecoder | undefined {
  if (host === 'chrome') return undefined;
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
  return openPictureDecoder(builtPath('decode-worker.js'), threads);
}

/** How pictures were streamed, beside how many a second were trained on; undefined where none were. */
export function streamedRates(
  decoder: PictureDecoder | undefined,
  trained: number | undefined,
): StreamedRates | undefined {
  if (!decoder) return undefined;
  const { threads } = decoder;
  const { decoded: pictures, perSecond: decoded } = decoder.figures();
  if (pictures === 0) return undefined;
  return { pictures, threads, decoded, ...(trained && { trained }) };
}
