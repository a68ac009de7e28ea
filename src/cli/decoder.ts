import { availableParallelism } from 'node:os';
import { openPictureDecoder, type PictureDecoder } from '../data/picture-decoder.js';
import type { HostChoice } from '../hosts/choose.js';
import { grouped, plural } from '../text.js';
import { builtPath } from './built.js';

/** Threads to decode by at most: no adapter known to us learns from more pictures than so many decode. */
const MOST_THREADS = 16;

/** Decodes pictures for a device in this process; pictures are not streamed into Chrome's page. */
export function openDecoder(host: HostChoice): PictureDecoder | undefined {
  if (host === 'chrome') return undefined;
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
  return openPictureDecoder(builtPath('decode-worker.js'), threads);
}

/** What is said of pictures that were streamed, beside how many a second were trained on; undefined where none were. */
export function decodingLine(
  decoder: PictureDecoder | undefined,
  perSecond: number | undefined,
): string | undefined {
  const { decoded, perSecond: rate } = decoder?.figures() ?? { decoded: 0, perSecond: 0 };
  if (!decoder || decoded === 0) return undefined;
  const trained = perSecond ? `; ${perSecond.toPrecision(3)} a second were trained on` : '';
  return `${grouped(decoded)} pictures were decoded as they were needed, ${rate.toPrecision(3)} a second by ${plural(decoder.threads, 'thread')}${trained}.`;
}
