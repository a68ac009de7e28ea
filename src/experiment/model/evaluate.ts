import type { AnyPictures, Preprocessing } from '../../data/pictures.js';
import type { AdapterDescription } from '../../gpu/adapter.js';
import { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { median } from '../../gpu/timing.js';
import { summarise } from '../../graph/summary.js';
import type { Network } from '../../graph/weights.js';
import { inferenceBytes, prepareInference } from '../../layers/inference.js';
import { EVALUATED_AT_ONCE, evaluatePictures } from '../../train/evaluation.js';
import { relayed } from '../relay.js';

/** What is measured on what. */
export interface EvaluateInput {
  readonly network: Network;
  readonly pictures: AnyPictures;
  readonly preprocessing: Preprocessing;
  /** Pictures at once, 100 by default. */
  readonly batch?: number;
}

/** How many of the pictures are answered. */
export type EvaluateEvent = {
  readonly type: 'progress';
  readonly done: number;
  readonly total: number;
};

/** What a network costs, and how well it answers. */
export interface EvaluateSummary {
  readonly adapter: AdapterDescription;
  readonly pictures: number;
  /** Only where the pictures have labels. */
  readonly accuracy?: number;
  readonly loss?: number;
  /** Of one picture. */
  readonly multiplyAdds: number;
  readonly parameters: number;
  /** Median milliseconds a picture, by how many are answered at once. */
  readonly milliseconds: readonly { readonly batch: number; readonly perPicture: number }[];
  /** Bytes of the maps of a minibatch, and the most that were alive on the device at once. */
  readonly memory: { readonly maps: number; readonly peak: number };
}

/** Pictures at once in the timing of an answer. */
const TIMED_BATCHES = [1, 32] as const;
/** Answers that are timed, after one that is not. */
const TIMED_ANSWERS = 5;

/**
 * Measures a network on pictures: accuracy and loss where they have labels, and how long an answer
 * takes here.
 *
 * @throws bad-data, bad-network, limit-exceeded, aborted as `evaluatePictures` does.
 */
export async function* evaluateModel(
  device: Device,
  { network, pictures, preprocessing, batch = EVALUATED_AT_ONCE }: EvaluateInput,
  signal?: AbortSignal,
): AsyncGenerator<EvaluateEvent, EvaluateSummary> {
  device.resetPeak();
  const before = device.liveBytes;
  const { accuracy, loss } = yield* relayed(
    evaluatePictures(device, network, pictures, { preprocessing, batch, signal }),
    (done): EvaluateEvent => ({ type: 'progress', done, total: pictures.count }),
  );
  const peak = device.peakBytes - before;
  const milliseconds = [];
  for (const size of TIMED_BATCHES) {
    milliseconds.push({ batch: size, perPicture: await timeAnswer(device, network, size) });
  }
  const { multiplyAdds, parameters } = summarise(network.graph);
  return {
    adapter: device.adapter,
    pictures: pictures.count,
    ...(accuracy !== undefined && { accuracy }),
    ...(loss !== undefined && { loss }),
    multiplyAdds,
    parameters,
    milliseconds,
    memory: { maps: inferenceBytes(network, Math.min(batch, pictures.count)), peak },
  };
}

/** Median milliseconds a picture, from the images on the device to the answers there. */
async function timeAnswer(device: Device, network: Network, images: number): Promise<number> {
  using inference = await prepareInference(device, network, { images });
  const times: number[] = [];
  for (let answer = -1; answer < TIMED_ANSWERS; answer++) {
    const commands = new Commands(device);
    inference.encode(commands, inference.images);
    const start = performance.now();
    await commands.finish();
    if (answer >= 0) times.push((performance.now() - start) / inference.images);
  }
  return median(times.sort((a, b) => a - b));
}
