import { EspalierError } from '../errors.js';
import { type TwoLayerParameters, uploadTwoLayer } from '../models/two-layer.js';
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

/** Improves a network in each of the ways, every time from the same weights. */
export async function improve(
  experiment: Experiment<RunConfig>,
  parameters: TwoLayerParameters,
): Promise<Improved> {
  const { refit, fineTune } = experiment.config;
  const [refits, tunes] = [refit !== 'none', fineTune > 0];
  const by = (way: Way) => improvedBy(experiment, parameters, way);
  const refitted = refits ? await by({ refit, tune: false }) : undefined;
  const fineTuned = tunes ? await by({ refit: 'none', tune: true }) : undefined;
  const refittedFineTuned = refits && tunes ? await by({ refit, tune: true }) : undefined;
  return {
    ...(refitted && { refitted }),
    ...(fineTuned && { fineTuned }),
    ...(refittedFineTuned && { refittedFineTuned }),
  };
}

interface Way {
  readonly refit: RefitName;
  readonly tune: boolean;
}

/** Nothing where the training diverged: others of a comparison are still to be had. */
async function improvedBy(
  experiment: Experiment<RunConfig>,
  parameters: TwoLayerParameters,
  { refit, tune }: Way,
): Promise<Performance | undefined> {
  using network = uploadTwoLayer(experiment.device, parameters);
  if (refit !== 'none') await refitNetwork(experiment, network, refit);
  try {
    if (tune) await finalResult(trainOn(experiment, network));
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'diverged') return undefined;
    throw error;
  }
  const { train, test } = await measure(experiment, network);
  if (!Number.isFinite(train.loss) || !Number.isFinite(test.loss)) return undefined;
  return { trainingLoss: train.loss, testLoss: test.loss, testAccuracy: test.accuracy };
}
