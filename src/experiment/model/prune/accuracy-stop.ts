import type { Network } from '../../../graph/weights.js';
import { countsOfUnit } from '../../../prune/channels/budgets.js';
import type { ChannelRanking } from '../../../prune/channels/criteria.js';
import { answersFrom, largest } from './answers.js';
import { cutUnit, type UnitCutResult, unitOfNetwork } from './cut-unit.js';
import type { Calibrated } from './frontier.js';
import { type Pruning, type RankedUnit, rankUnit } from './pruning.js';

/** Share of the dense network's accuracy that every unit leaves, as published. */
const OF_DENSE = 0.95;
/** Calibration images that accuracy is taken of at most. */
const STOP_IMAGES = 128;
/** Accuracies are numbers of images over another: what rounding adds is far less than one image. */
const ROUNDING = 1e-9;

/** The share of the first calibration images that a network answers as they are labelled. */
export async function calibrationAccuracy(
  { device, input: { calibration } }: Pick<Pruning, 'device' | 'input'>,
  place: Calibrated,
): Promise<number> {
  const images = Math.min(STOP_IMAGES, calibration.count);
  const answers = await answersFrom(device, place, images);
  const classes = answers.length / images;
  let right = 0;
  for (let image = 0; image < images; image++) {
    const own = answers.subarray(image * classes, (image + 1) * classes);
    if (largest(own) === calibration.labels?.[image]) right += 1;
  }
  return right / images;
}

/** What tells when a unit has channels enough. */
export interface AccuracyStop {
  /** What a unit may cost of the accuracy before it. */
  readonly tolerance: number;
  /** Of the network as it came. */
  readonly accuracyOfDense: number;
  /** Of a network that is the same as the one to be cut up to the unit. */
  readonly accuracyOf: (network: Network) => Promise<number>;
}

/**
 * Cuts a unit to the first channels of its order that leave an accuracy of at least 0.95 of the dense
 * network's, and of that before this unit less the tolerance; where none do, all stay.
 *
 * `network-loss` stops at the first pick behind which that is so, as published. Of other criteria the
 * whole order is known at once, and halving finds a number of channels that is enough where the next
 * smaller one is not: log₂ C networks are measured, and not C. Where accuracy falls with one channel
 * more, a smaller number might have been enough as well.
 *
 * @param unit `count` is all of its channels.
 */
export async function cutToTolerance(
  pruning: Pruning,
  unit: RankedUnit,
  { tolerance, accuracyOfDense, accuracyOf }: AccuracyStop,
): Promise<UnitCutResult> {
  const { network, count: channels } = unit;
  const { criterion, refit, ...options } = pruning.options;
  const least =
    Math.max(OF_DENSE * accuracyOfDense, (await accuracyOf(network)) - tolerance) - ROUNDING;
  const cutTo = (ranking: ChannelRanking, count: number) =>
    cutUnit(network, { ...unit, ranking, count, refit });
  const isEnough = async (ranking: ChannelRanking, count: number) =>
    (await accuracyOf(cutTo(ranking, count).network)) >= least;
  const counts = countsOfUnit(unitOfNetwork(network, unit.unit), options);
  if (criterion === 'network-loss') {
    const ranking = await rankUnit(pruning, unit, async (made) => {
      const { length: count } = made.order;
      return count < channels && counts.includes(count) && (await isEnough(made, count));
    });
    return cutTo(ranking, ranking.order.length);
  }
  const ranking = await rankUnit(pruning, unit);
  let [few, most] = [-1, counts.length - 1];
  while (most - few > 1) {
    const middle = Math.floor((few + most) / 2);
    if (await isEnough(ranking, counts[middle] as number)) most = middle;
    else few = middle;
  }
  return cutTo(ranking, counts[most] as number);
}
