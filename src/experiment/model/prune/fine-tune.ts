import type { AnyPictures, Preprocessing } from '../../../data/pictures.js';
import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import { drawWeights } from '../../../models/initial-weights.js';
import { stepsOfEpoch } from '../../../train/epochs.js';
import { TRAINING_DEFAULTS, trainNetwork } from '../../../train/network-training.js';
import { relayed } from '../../relay.js';
import type { PruneConfig } from './config.js';

export interface FineTuneInput {
  readonly pruned: Network;
  /** The network as it came, whose answers are learned where that is asked for. */
  readonly dense: Network;
  readonly preprocessing: Preprocessing;
  readonly pictures: AnyPictures;
  readonly config: PruneConfig;
  /** Steps that the pruned network was trained while it was cut: its controls have them too. */
  readonly stepsBetween: number;
}

/** Which network is trained, and how far that is. */
export interface FineTuneProgress {
  readonly type: 'progress';
  readonly phase: 'fine-tuning';
  readonly unit: TunedName;
  readonly share: number;
}

/** The pruned network, and what it is compared with: its controls. */
export type TunedName = 'pruned' | 'dense' | 'from scratch';

/** A network that has learned. */
export interface Tuned {
  readonly name: TunedName;
  readonly network: Network;
}

/**
 * Trains the pruned network on: by the labels, by the dense network's answers, or by both. Then, where
 * controls are asked for, the dense one for as long, and one like the pruned from scratch for as long
 * as the dense one was trained before, and that long again; each by the same loss. A dense network
 * that would learn its own answers alone is left out: there is nothing in them for it.
 *
 * @throws as `trainNetwork` does.
 */
export async function* fineTune(
  device: Device,
  { pruned, dense, preprocessing, pictures, config, stepsBetween }: FineTuneInput,
  signal?: AbortSignal,
): AsyncGenerator<FineTuneProgress | Tuned, void> {
  const { fineTune: epochs, learningRate, distil, controls, preTrained, seed } = config;
  const teacher = distil > 0 ? { network: dense, share: distil } : undefined;
  const learn = async function* (
    name: TunedName,
    network: Network,
    course: { readonly epochs: number; readonly more: number; readonly learningRate: number },
  ) {
    const { more, ...own } = course;
    const perEpoch = stepsOfEpoch({ examples: pictures.count, batch: TRAINING_DEFAULTS.batch });
    const steps = course.epochs * perEpoch + more;
    const usual = { ...TRAINING_DEFAULTS, seed, preprocessing, teacher, signal };
    const options = { ...usual, ...own, steps };
    const training = trainNetwork(device, network, pictures, options);
    const { weights } = yield* relayed(training, ({ epoch }): FineTuneProgress => {
      return {
        type: 'progress',
        phase: 'fine-tuning',
        unit: name,
        share: (epoch * perEpoch) / steps,
      };
    });
    const tuned: Tuned = { name, network: { graph: network.graph, weights } };
    yield tuned;
  };
  yield* learn('pruned', pruned, { epochs, more: 0, learningRate });
  const more = stepsBetween;
  if (!controls) return;
  if (distil < 1) yield* learn('dense', dense, { epochs, more, learningRate });
  const { graph } = pruned;
  const { learningRate: usual } = TRAINING_DEFAULTS;
  const course = { epochs: preTrained + epochs, more, learningRate: usual };
  yield* learn('from scratch', { graph, weights: drawWeights(graph, seed) }, course);
}
