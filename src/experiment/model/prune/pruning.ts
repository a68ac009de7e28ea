import { DISPOSE } from '../../../disposal.js';
import type { Device } from '../../../gpu/device.js';
import { foldBatchNorms } from '../../../graph/fold.js';
import type { Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { memo } from '../../../memo.js';
import { type ChannelRanking, rankChannels } from '../../../prune/channels/criteria.js';
import { positionOfUnit } from './consumers.js';
import { unitOfNetwork, unitWeights } from './cut-unit.js';
import type { PruneInput, PruneOptions } from './events.js';
import { advanceFrontier, type Calibrated, frontierOfPictures } from './frontier.js';
import type { UnitMeasurement } from './measure-unit.js';
import { rankByNetworkLoss } from './network-loss.js';
import { measureSaliency } from './saliency.js';
import { chosenUnits, filtersOfUnit } from './units.js';

/** A network that is being pruned: what each step of that has to know. */
export interface Pruning {
  readonly device: Device;
  /** The network as it came, and in inference form. */
  readonly dense: Network;
  readonly folded: Network;
  readonly units: readonly Unit[];
  readonly input: PruneInput;
  readonly options: PruneOptions;
  readonly signal: AbortSignal | undefined;
  /** How far the loss would move if a channel went, by unit: measured once, when it is asked for. */
  readonly saliency: () => Promise<ReadonlyMap<string, Float64Array>>;
}

/** @throws bad-network when nothing can be cut. */
export function preparePruning(device: Device, input: PruneInput, signal?: AbortSignal): Pruning {
  const { network: dense, options } = input;
  const units = chosenUnits(dense.graph, options.units);
  const network = foldBatchNorms(dense);
  const measured = new Map<'saliency', Promise<ReadonlyMap<string, Float64Array>>>();
  const saliency = () =>
    memo(measured, 'saliency', () => {
      const own = unitsInInference({ folded: network, units });
      return measureSaliency(device, { ...own, network }, input, signal);
    });
  return { device, dense, folded: network, units, input, options, signal, saliency };
}

/** How the positions that are summed are drawn, where not all are. */
export function sampledPositions({ options: { positions, seed } }: Pick<Pruning, 'options'>) {
  return positions === undefined ? undefined : { most: positions, seed };
}

/** The graph in inference form, and the units in it: batch norms are none of their maps there. */
export function unitsInInference({ folded, units }: Pick<Pruning, 'folded' | 'units'>) {
  return { graph: folded.graph, units: units.map(({ name }) => unitOfNetwork(folded, name)) };
}

/** The calibration images on their way from unit to unit, each place from the one before. */
export interface ImageWalk extends Disposable {
  /** Where they are now, in a network that is the same up to there. */
  readonly at: (network: Network) => Calibrated;
  /**
   * Takes them on to where a unit begins.
   *
   * @throws aborted between chunks of images.
   */
  readonly to: (network: Network, unit: string) => Promise<Calibrated>;
  /** Takes them back to the beginning, since what they have passed is another network now. */
  readonly restart: () => Promise<void>;
}

/** Begins with the pictures themselves. */
export async function startWalk({
  device,
  folded,
  input: { calibration, preprocessing },
  signal,
}: Pruning): Promise<ImageWalk> {
  const begin = () => frontierOfPictures(device, folded.graph, calibration, preprocessing);
  let frontier = await begin();
  return {
    at: (network) => ({ network, frontier }),
    to: async (network, unit) => {
      const position = positionOfUnit(network.graph, unitOfNetwork(network, unit));
      frontier = await advanceFrontier(device, { network, frontier }, { position, signal });
      return { network, frontier };
    },
    restart: async () => {
      const start = await begin();
      frontier[DISPOSE]();
      frontier = start;
    },
    [DISPOSE]: () => frontier[DISPOSE](),
  };
}

/** A unit to be ranked. */
export interface RankedUnit {
  readonly unit: string;
  /** As cut so far, batch norms included. */
  readonly network: Network;
  readonly measurements: readonly UnitMeasurement[];
  /** How many of its channels are asked for: the first of the ranking. */
  readonly count: number;
  /** The same network in inference form, with the images at the unit or before it. */
  readonly place: () => Promise<Calibrated>;
}

/**
 * Ranks a unit's channels by the criterion that was asked for.
 *
 * @param isEnough whether no more channels are needed than these: asked behind each pick by a
 *   criterion whose picks are dear, which then ends its ranking there.
 */
export async function rankUnit(
  { device, input, options: { criterion, seed }, signal, saliency }: Pruning,
  { unit: name, network, measurements, count, place }: RankedUnit,
  isEnough?: (made: ChannelRanking) => Promise<boolean>,
): Promise<ChannelRanking> {
  if (criterion === 'network-loss') {
    const own = await place();
    const labels = input.calibration.labels ?? new Uint32Array();
    const unit = unitOfNetwork(own.network, name);
    const problem = { unit, place: own, labels, seed };
    return rankByNetworkLoss(device, problem, { picks: count, isEnough, signal });
  }
  const problem = {
    consumers: measurements.map(({ statistics }) => statistics),
    weights: measurements.map(({ weights, rows, statistics }) =>
      unitWeights(weights, rows, statistics.outputs),
    ),
    ...filtersOfUnit(network, unitOfNetwork(network, name)),
    ...(criterion === 'taylor' && { saliency: (await saliency()).get(name) }),
    count,
    seed,
  };
  return rankChannels(device, criterion, problem, signal);
}
