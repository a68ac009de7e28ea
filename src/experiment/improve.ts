import { EspalierError } from '../errors.js';
import {
  type TwoLayerNetwork,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../models/two-layer.js';
import type { RefitName } from '../prune/choices.js';
import { trainOn } from './controls.js';
import { type Experiment, measure } from './experiment.js';
import { refitNetwork } from './refit.js';
import { finalResult } from './relay.js';
import type { RunConfig } from './run-config.js';

/** How well a network does on the training and on the test examples. */
export interface Performance {
  readonly trainingLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/**
 * What a network becomes when its output weights are refitted, when it is fine-tuned, and when it is
 * refitted and then fine-tuned. What the configuration does not ask for is absent, and so is what
 * diverged.
 */
export interface Improved {
  readonly refitted?: Performance;
  readonly fineTuned?: Performance;
  readonly refittedFineTuned?: Performance;
}

/** Improves a network in each of the ways, as it is and refitted each from the given weights. */
export async function improve(
  experiment: Experiment<RunConfig>,
  parameters: TwoLayerParameters,
): Promise<Improved> {
  const { refit } = experiment.config;
  const fineTuned = await improvePlain(experiment, parameters);
  return {
    ...(fineTuned && { fineTuned }),
    ...(refit !== 'none' && (await improveRefitted(experiment, parameters, refit))),
  };
}

async function improvePlain(
  experiment: Experiment<RunConfig>,
  parameters: TwoLayerParameters,
): Promise<Performance | undefined> {
  if (experiment.config.fineTune === 0) return undefined;
  using network = uploadTwoLayer(experiment.device, parameters);
  return await tuned(experiment, network);
}

async function improveRefitted(
  experiment: Experiment<RunConfig>,
  parameters: TwoLayerParameters,
  refit: Exclude<RefitName, 'none'>,
): Promise<Improved> {
  using network = uploadTwoLayer(experiment.device, parameters);
  await refitNetwork(experiment, network, refit);
  const refitted = await performanceOf(experiment, network);
  const further = experiment.config.fineTune > 0 && (await tuned(experiment, network));
  return { ...(refitted && { refitted }), ...(further && { refittedFineTuned: further }) };
}

/** Nothing where the training diverged: others of a comparison are still to be had. */
async function tuned(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
): Promise<Performance | undefined> {
  try {
    await finalResult(trainOn(experiment, network));
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'diverged') return undefined;
    throw error;
  }
  return performanceOf(experiment, network);
}

/** Measures a network. Nothing where a loss is no number. */
export async function performanceOf(
  experiment: Experiment,
  network: TwoLayerNetwork,
): Promise<Performance | undefined> {
  const { train, test } = await measure(experiment, network);
  if (!Number.isFinite(train.loss) || !Number.isFinite(test.loss)) return undefined;
  return { trainingLoss: train.loss, testLoss: test.loss, testAccuracy: test.accuracy };
}
