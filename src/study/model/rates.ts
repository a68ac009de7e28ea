import { z } from 'zod';
import { type AnyPictures, type Preprocessing, picturesAt } from '../../data/pictures.js';
import type { AdapterDescription } from '../../gpu/adapter.js';
import type { Device } from '../../gpu/device.js';
import { summarise } from '../../graph/summary.js';
import type { Network } from '../../graph/weights.js';
import { grouped, plural } from '../../text.js';
import { evaluatePictures } from '../../train/evaluation.js';
import { TRAINING_DEFAULTS, trainNetwork } from '../../train/network-training.js';

/** A network, and pictures that it is tried on. */
export interface RatesInput {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  readonly pictures: AnyPictures;
  /** Pictures of a step. */
  readonly batch: number;
}

/** How fast a network learns and answers here, in pictures a second. */
export interface ModelRates {
  readonly adapter: AdapterDescription;
  readonly training: number;
  readonly answers: number;
}

/** How pictures that are too large to hold were streamed. */
export const streamedRatesSchema = z.object({
  pictures: z.int().positive(),
  threads: z.int().positive(),
  /** Decoded a second by all threads, when none is idle. */
  decoded: z.number().positive(),
  /** Trained on a second, where that was measured. */
  trained: z.number().positive().optional(),
});
export type StreamedRates = z.infer<typeof streamedRatesSchema>;

/** The rate of decoding, beside that of the device. */
export function streamedText({ pictures, threads, decoded, trained }: StreamedRates): string {
  const beside = trained ? `; ${trained.toPrecision(3)} a second are trained on` : '';
  return `${grouped(pictures)} pictures were decoded as they were needed: at full work ${decoded.toPrecision(3)} a second by ${plural(threads, 'thread')}${beside}.`;
}

/** Multiply-adds of a step without a GPU that is tried: seconds, not minutes, of the largest networks. */
const TRIED = 2e9;
const LEAST_PICTURES = 8;
/** Steps that are timed, behind one that is not, and the minibatches that both take. */
const TIMED = 3;
export const RATED_BATCHES = TIMED + 1;

/**
 * Times a few steps of training and as many of answering.
 *
 * @throws bad-data, limit-exceeded, aborted as `trainNetwork` does.
 */
export async function measureRates(
  device: Device,
  { network, preprocessing, pictures, batch }: RatesInput,
  signal?: AbortSignal,
): Promise<ModelRates> {
  const fits = Math.floor(TRIED / summarise(network.graph).multiplyAdds);
  const most = device.adapter.kind === 'software' ? Math.max(LEAST_PICTURES, fits) : batch;
  const size = Math.min(batch, most, pictures.count);
  const tried = picturesAt(
    pictures,
    Array.from({ length: RATED_BATCHES * size }, (_, at) => at % pictures.count),
  );
  const options = { ...TRAINING_DEFAULTS, batch: size, epochs: 1, preprocessing, signal };
  const training = trainNetwork(device, network, tried, options);
  const answers = evaluatePictures(device, network, tried, { preprocessing, batch: size, signal });
  return {
    adapter: device.adapter,
    training: size / (await secondsBetween(training, ({ type }) => type === 'progress')),
    answers: size / (await secondsBetween(answers, () => true)),
  };
}

/** Mean seconds from one value that counts to the next, the time to the first left out. */
async function secondsBetween<Value>(
  values: AsyncGenerator<Value, unknown>,
  counts: (value: Value) => boolean,
): Promise<number> {
  const times: number[] = [];
  for await (const value of values) if (counts(value)) times.push(performance.now());
  const [first = 0] = times;
  return ((times.at(-1) ?? first) - first) / 1000 / Math.max(1, times.length - 1);
}
