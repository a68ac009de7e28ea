import type { TwoLayerNetwork } from '../models/two-layer.js';
import type { RefitName } from '../prune/choices.js';
import type { TrainingProgress } from '../train/gradient-descent.js';
import {
  type Experiment,
  type ExperimentConfig,
  fineTuning,
  pretraining,
  train,
} from './experiment.js';
import { refitNetwork } from './refit.js';
import { relayed } from './relay.js';
import type { Figures } from './run-events.js';

/** An experiment that fine-tunes, and perhaps refits before. */
type Tuned = Experiment<
  ExperimentConfig & { readonly fineTune: number; readonly refit?: RefitName }
>;

/** Trains a network in place by the steps that fine-tuning a subnetwork takes. */
export function trainOn(experiment: Tuned, network: TwoLayerNetwork) {
  const options = fineTuning(experiment.config);
  return train(experiment, network, { options, until: experiment.config.fineTune });
}

/**
 * Trains a network in place by the steps of the pre-training up to `iteration`. Where subnetworks are
 * refitted behind them, so is this one.
 */
export async function* trainFirst(
  experiment: Tuned,
  network: TwoLayerNetwork,
  iteration: number,
): AsyncGenerator<TrainingProgress, void> {
  const { config } = experiment;
  yield* train(experiment, network, { options: pretraining(config), until: iteration });
  if (config.refit && config.refit !== 'none')
    await refitNetwork(experiment, network, config.refit);
}

/**
 * Trains a network in place by all the steps that a fine-tuned subnetwork has behind it: those of
 * the pre-training up to `iteration`, and those of fine-tuning, each at its own rate and with its
 * own minibatches.
 */
export async function* trainAlike(
  experiment: Tuned,
  network: TwoLayerNetwork,
  iteration: number,
): AsyncGenerator<TrainingProgress, void> {
  yield* trainFirst(experiment, network, iteration);
  yield* relayed(trainOn(experiment, network), (progress) => ({
    ...progress,
    iteration: iteration + progress.iteration,
  }));
}

/** Networks that have had as many steps. */
export type Contestant = 'dense' | 'subnetwork' | 'fromScratch';

/** One of them, and its figures after those steps. */
export interface Standing {
  readonly name: Contestant;
  readonly figures: Figures;
}

/** The figures of a run's networks, as far as there are any. */
export interface RunNetworks {
  readonly dense: Figures;
  readonly subnetwork: Figures | undefined;
  readonly fineTuned: Figures | undefined;
  readonly denseFineTuned?: Figures | undefined;
  readonly fromScratch?: Figures | undefined;
}

/**
 * The networks of a run that have had the same steps at the same rates, the one with most new
 * examples right first; of equals the dense one last. None where the run had no controls.
 */
export function atEqualSteps({
  dense,
  subnetwork,
  fineTuned,
  denseFineTuned,
  fromScratch,
}: RunNetworks): readonly Standing[] {
  const found = [
    ['subnetwork', fineTuned ?? subnetwork],
    ['fromScratch', fromScratch],
    ['dense', fineTuned ? denseFineTuned : dense],
  ] as const;
  if (!denseFineTuned && !fromScratch) return [];
  const had = found.flatMap(([name, figures]) => (figures ? [{ name, figures }] : []));
  return had.toSorted((one, other) => other.figures.testAccuracy - one.figures.testAccuracy);
}
