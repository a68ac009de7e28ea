import { EspalierError } from '../../errors.js';
import type { PruneOptions } from '../../experiment/model/prune/events.js';
import { summarise } from '../../graph/summary.js';
import type { Network } from '../../graph/weights.js';
import { countPrunableWeights, zeroSmallestWeights } from '../../prune/zero-weights.js';
import { pruneOptionsOfStudy } from './config.js';
import { type ModelCellPlace, seedOfModelTrial } from './grid.js';
import {
  type Course,
  cut,
  learnControl,
  type ModelTrialEvent,
  measure,
  named,
  networkName,
  networkNamed,
  type Work,
} from './making.js';

/**
 * What magnitude pruning on top of a cut keeps, beside each alone with as many weights that are not zero:
 *
 * - a share of the cut network's weights is zeroed, of n that are left with biases and batch norms;
 * - by magnitude alone: of the dense network weights are zeroed until exactly n are left;
 * - by channels alone: the dense network is cut, by the same criterion, to the most channels that leave n
 *   parameters or fewer.
 *
 * Each is trained for as many steps, in which zeros stay zero. One whose training diverges is left out.
 */
export async function* compareThen(
  work: Work,
  { iteration, criterion, ...trial }: ModelCellPlace,
  {
    dense,
    pruned,
    tuning,
    fair,
  }: {
    readonly dense: Network;
    /** The dense network as it is cut. */
    readonly pruned: Network;
    /** Of what was cut, and of what was not: as many steps, those between units included. */
    readonly tuning: Course;
    readonly fair: Course;
  },
) {
  const { config } = work.input;
  const [, share] = config.then ?? ['magnitude', 0];
  const zeroed = Math.round(share * countPrunableWeights(pruned));
  const left = summarise(pruned.graph).parameters - zeroed;
  const whole = summarise(dense.graph).parameters;
  const names = {
    both: networkName('then-fine-tuned', iteration, criterion),
    further: networkName('cut-further', iteration, criterion),
    channels: networkName('channels-alone', iteration, criterion),
    // Criteria that leave as many weights share it.
    magnitude: networkName('magnitude-alone', iteration, String(left)),
  };
  const both = yield* finish(work, names.both, zeroSmallestWeights(pruned, zeroed), tuning);
  const sparse = zeroSmallestWeights(dense, whole - left);
  const magnitude = yield* finish(work, names.magnitude, sparse, fair);
  const seed = seedOfModelTrial(config, trial);
  const { layout: _, ...usual } = pruneOptionsOfStudy(config, {
    criterion,
    seed,
    graph: dense.graph,
  });
  const options = { ...usual, budget: { of: 'parameters', share: left / whole } } as const;
  const further = yield* cutFurther(work, names.further, { dense, options });
  const channels = further && (yield* finish(work, names.channels, further, tuning));
  return {
    thenParameters: left,
    ...(both && named('then', yield* measure(work, names.both))),
    ...(magnitude && named('magnitudeAlone', yield* measure(work, names.magnitude))),
    ...(further && { channelsAloneParameters: summarise(further.graph).parameters }),
    ...(channels && named('channelsAlone', yield* measure(work, names.channels))),
  };
}

/** The dense network with fewer channels; undefined where a unit would be left with none, or training between units diverges. */
async function* cutFurther(
  work: Work,
  name: string,
  request: { readonly dense: Network; readonly options: PruneOptions },
): AsyncGenerator<ModelTrialEvent, Network | undefined> {
  try {
    yield* cut(work, name, request);
    return networkNamed(work, name);
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    if (error.code === 'bad-config' || error.code === 'diverged') return undefined;
    throw error;
  }
}

/** Fine-tunes a network, or without steps keeps it as it is; false where it diverges. */
async function* finish(
  work: Work,
  name: string,
  network: Network,
  tuning: Course,
): AsyncGenerator<ModelTrialEvent, boolean> {
  const { networks, input } = work;
  if (tuning.steps > 0) {
    return yield* learnControl(work, name, network, { ...tuning, keepZeros: true });
  }
  if (!networks.has(name)) {
    networks.set(name, network);
    yield { type: 'network', trial: input.trial, name, network };
  }
  return true;
}
