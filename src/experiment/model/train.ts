import type { AnyPictures, PictureSource } from '../../data/pictures.js';
import { EspalierError } from '../../errors.js';
import type { AdapterDescription } from '../../gpu/adapter.js';
import type { Device } from '../../gpu/device.js';
import type { Network, Weights } from '../../graph/weights.js';
import { evaluatePictures, requireAnswerable } from '../../train/evaluation.js';
import {
  type NetworkTrainingEvent,
  type NetworkTrainingOptions,
  type NetworkTrainingState,
  TRAINING_DEFAULTS,
  trainNetwork,
} from '../../train/network-training.js';
import { finalResult, relayed } from '../relay.js';

/** What is trained on what, and how. */
export interface TrainInput {
  readonly network: Network;
  readonly source: Pick<PictureSource<AnyPictures>, 'train' | 'test'>;
  /** What is left out is as `TRAINING_DEFAULTS` has it. */
  readonly options: Partial<NetworkTrainingOptions> & Pick<NetworkTrainingOptions, 'preprocessing'>;
  /** Epochs after which the network is measured on the test pictures; the last one always is. */
  readonly checkpoints?: readonly number[];
  /** Where an earlier training of the same options and pictures stood. */
  readonly from?: NetworkTrainingState;
}

/** How a network answers the test pictures. */
export interface TrainFigures {
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** What `trainModel` yields: progress, and the state to go on from after each epoch. */
export type TrainEvent =
  | {
      readonly type: 'progress';
      /** Epochs done, with a share of the one under way. */
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      /** Of the minibatches since the last event. */
      readonly loss: number;
      readonly accuracy: number;
      /** To the end, at the pace so far. */
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly epoch: number;
      readonly state: NetworkTrainingState;
      /** At the epochs that were asked for, and at the last. */
      readonly figures?: TrainFigures;
    };

/** What `trainModel` returns. */
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
  { network, source, options: given, checkpoints = [], from }: TrainInput,
  signal?: AbortSignal,
): AsyncGenerator<TrainEvent, TrainSummary> {
  const start = performance.now();
  const options = { ...TRAINING_DEFAULTS, ...given };
  // Now, and not after an epoch.
  requireAnswerable(network, source.test);
  device.resetPeak();
  const before = device.liveBytes;
  let last: TrainFigures | undefined;
  const measure = async (weights: Weights): Promise<TrainFigures> => {
    const { preprocessing } = options;
    const own = { graph: network.graph, weights };
    const evaluation = evaluatePictures(device, own, source.test, { preprocessing, signal });
    const { loss = Number.NaN, accuracy = Number.NaN } = await finalResult(evaluation);
    return { testLoss: loss, testAccuracy: accuracy };
  };
  const trainEvent = async (event: NetworkTrainingEvent): Promise<TrainEvent> => {
    if (event.type === 'progress') {
      const pace = (performance.now() - start) / 1000 / (event.step - (from?.step ?? 0));
      return { ...event, secondsLeft: pace * (event.steps - event.step) };
    }
    const { epoch, state } = event;
    const ended = epoch === options.epochs;
    const due = ended || checkpoints.includes(epoch);
    // Where it is aborted meanwhile the state must not be lost; the training hears of it next.
    const figures = due ? await measure(state.weights).catch(unlessAborted) : undefined;
    if (ended) last = figures;
    return { type: 'checkpoint', epoch, state, ...(figures && { figures }) };
  };
  if (!from && checkpoints.includes(0)) {
    const state = { step: 0, weights: network.weights, velocities: new Map() };
    yield await trainEvent({ type: 'epoch', epoch: 0, state });
  }
  const training = trainNetwork(device, network, source.train, { ...options, from, signal });
  const { weights } = yield* relayed(training, trainEvent);
  return {
    adapter: device.adapter,
    ...(last ?? (await measure(weights))),
    examples: source.train.count,
    epochs: options.epochs,
    seconds: (performance.now() - start) / 1000,
    peakBytes: device.peakBytes - before,
  };
}

function unlessAborted(error: unknown): undefined {
  if (!(error instanceof EspalierError && error.code === 'aborted')) throw error;
}
