import type { AnyPictures } from '../../../data/pictures.js';
import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import { randomStream } from '../../../random.js';
import { stepsOfEpoch } from '../../../train/epochs.js';
import { TRAINING_DEFAULTS, trainNetwork } from '../../../train/network-training.js';
import { relayed } from '../../relay.js';
import type { PruneEvent, PruneInput, TrainingBetween } from './events.js';

export interface BetweenRequest {
  readonly network: Network;
  /** The one that was cut last. */
  readonly unit: string;
  readonly between: TrainingBetween;
  readonly preprocessing: PruneInput['preprocessing'];
  readonly seed: number;
  /** Of all units. */
  readonly share: number;
  readonly signal: AbortSignal | undefined;
}

/** Steps of training behind one unit. */
export function stepsBetween({
  pictures,
  epochs,
}: {
  readonly pictures: Pick<AnyPictures, 'count'>;
  readonly epochs: number;
}): number {
  const { batch } = TRAINING_DEFAULTS;
  return Math.max(1, Math.round(epochs * stepsOfEpoch({ examples: pictures.count, batch })));
}

/**
 * Trains a network that is being cut for a part of an epoch, at a rate that stays, by pictures that
 * each unit draws anew.
 *
 * @throws as `trainNetwork` does.
 */
export async function* trainBetween(
  device: Device,
  { network, unit, between, preprocessing, seed, share, signal }: BetweenRequest,
): AsyncGenerator<PruneEvent, Network> {
  const { pictures, learningRate, rateKey } = between;
  const training = trainNetwork(device, network, pictures, {
    ...TRAINING_DEFAULTS,
    learningRate,
    ...(rateKey && { rateKey }),
    schedule: 'constant',
    steps: stepsBetween(between),
    seed: randomStream(seed, `training behind ${unit}`).below(2 ** 32),
    preprocessing,
    signal,
  });
  const { weights } = yield* relayed(
    training,
    (): PruneEvent => ({ type: 'progress', phase: 'cutting', unit, share }),
  );
  return { graph: network.graph, weights };
}
