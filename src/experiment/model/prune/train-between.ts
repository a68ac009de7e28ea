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
  const { pictures, epochs, learningRate } = between;
  const { batch } = TRAINING_DEFAULTS;
  const steps = Math.max(1, Math.round(epochs * stepsOfEpoch({ examples: pictures.count, batch })));
  const training = trainNetwork(device, network, pictures, {
    ...TRAINING_DEFAULTS,
    learningRate,
    schedule: 'constant',
    steps,
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
