import type { PictureSource, Pictures } from '../../data/pictures.js';
import type { AdapterDescription } from '../../gpu/adapter.js';
import type { Device } from '../../gpu/device.js';
import type { Weight, Weights } from '../../graph/weights.js';
import { evaluatePictures, type PictureEvaluation } from '../../train/evaluation.js';
import {
  type NetworkTrainingOptions,
  type NetworkTrainingState,
  trainNetwork,
} from '../../train/network-training.js';
import { finalResult } from '../relay.js';
import { type PortableNetwork, unpacked } from './evaluate.js';

/** A state of training in a form that goes from one thread or process to another. */
export interface PortableState {
  readonly step: number;
  readonly weights: Readonly<Record<string, Weight>>;
  readonly velocities: Readonly<Record<string, Weight>>;
}

export interface TrainInput {
  readonly network: PortableNetwork;
  readonly source: PictureSource;
  readonly options: NetworkTrainingOptions;
  /** Epochs after which the network is measured on the test pictures; the last one always is. */
  readonly checkpoints: readonly number[];
  readonly from?: PortableState;
}

export interface TrainFigures {
  readonly testLoss: number;
  readonly testAccuracy: number;
}

export type TrainEvent =
  | {
      readonly type: 'progress';
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly accuracy: number;
      /** To the end, at the pace so far. */
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly epoch: number;
      readonly state: PortableState;
      /** At the epochs that were asked for, and at the last. */
      readonly figures?: TrainFigures;
    };

export interface TrainSummary extends TrainFigures {
  readonly adapter: AdapterDescription;
  readonly examples: number;
  readonly epochs: number;
  /** Of this training alone, evaluations included. */
  readonly seconds: number;
  readonly peakBytes: number;
}

/**
 * Trains a network on pictures. After each epoch, and where it is aborted, it yields the state to go
 * on from; at checkpoints and at the end with figures, measured in inference form on pictures held out.
 *
 * @throws bad-data, limit-exceeded, diverged, aborted as `trainNetwork` does.
 */
export async function* trainModel(
  device: Device,
  { network: given, source, options, checkpoints, from }: TrainInput,
  signal?: AbortSignal,
): AsyncGenerator<TrainEvent, TrainSummary> {
  const start = performance.now();
  const network = unpacked(given);
  device.resetPeak();
  const before = device.liveBytes;
  const training = trainNetwork(device, network, source.train, {
    ...options,
    from: from && unpackedState(from),
    signal,
  });
  const measure = async (weights: Weights): Promise<TrainFigures> => {
    const own = { graph: network.graph, weights };
    const { loss = Number.NaN, accuracy = Number.NaN } = await evaluate(
      device,
      own,
      source.test,
      options,
    );
    return { testLoss: loss, testAccuracy: accuracy };
  };
  if (!from && checkpoints.includes(0)) {
    const state = { step: 0, weights: network.weights, velocities: new Map() };
    const figures = await measure(network.weights);
    yield { type: 'checkpoint', epoch: 0, state: portableState(state), figures };
  }
  let last: TrainFigures | undefined;
  let next = await training.next();
  while (!next.done) {
    const event = next.value;
    if (event.type === 'progress') {
      const pace = (performance.now() - start) / 1000 / (event.step - (from?.step ?? 0));
      yield { ...event, secondsLeft: pace * (event.steps - event.step) };
    } else {
      const { epoch, state } = event;
      const ended = epoch === options.epochs;
      const due = ended || checkpoints.includes(epoch);
      const figures = due ? await measure(state.weights) : undefined;
      if (ended) last = figures;
      yield { type: 'checkpoint', epoch, state: portableState(state), ...(figures && { figures }) };
    }
    next = await training.next();
  }
  return {
    adapter: device.adapter,
    ...(last ?? (await measure(next.value.weights))),
    examples: source.train.count,
    epochs: options.epochs,
    seconds: (performance.now() - start) / 1000,
    peakBytes: device.peakBytes - before,
  };
}

function evaluate(
  device: Device,
  network: Parameters<typeof evaluatePictures>[1],
  pictures: Pictures,
  { preprocessing }: NetworkTrainingOptions,
): Promise<PictureEvaluation> {
  const evaluation = evaluatePictures(device, network, pictures, { preprocessing });
  return finalResult(evaluation, async () => undefined);
}

function portableState({ step, weights, velocities }: NetworkTrainingState): PortableState {
  return {
    step,
    weights: Object.fromEntries(weights),
    velocities: Object.fromEntries(velocities),
  };
}

function unpackedState({ step, weights, velocities }: PortableState): NetworkTrainingState {
  return {
    step,
    weights: new Map(Object.entries(weights)),
    velocities: new Map(Object.entries(velocities)),
  };
}
