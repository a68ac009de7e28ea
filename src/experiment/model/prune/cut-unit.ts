import { cutNetwork } from '../../../graph/cut.js';
import { foldScales } from '../../../graph/fold.js';
import { findUnits, type Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { contributions } from '../../../prune/channels/contributions.js';
import type { ChannelRanking } from '../../../prune/channels/criteria.js';
import { refitWeights } from '../../../prune/channels/refit.js';
import { refitScales } from '../../../prune/channels/scales.js';
import { type ChannelStatistics, weightLoss } from '../../../prune/channels/statistics.js';
import { withWeights } from './consumers.js';
import type { Refit } from './events.js';
import type { UnitMeasurement } from './measure-unit.js';

export interface UnitCutRequest {
  readonly unit: string;
  readonly measurements: readonly UnitMeasurement[];
  readonly ranking: ChannelRanking;
  /** How many channels stay. */
  readonly count: number;
  readonly refit: Refit;
}

export interface UnitCutResult {
  readonly network: Network;
  /** Ascending. */
  readonly kept: readonly number[];
  /** ‖Y − what the consumers give‖² / ‖Y‖²: found when it is asked for, at (g·n)² O multiply-adds a consumer. */
  readonly loss: () => number;
}

/**
 * The network with a unit cut to the first channels of a ranking, and its consumers fitted to them.
 *
 * @param network as it is trained, batch norms included.
 */
export function cutUnit(
  network: Network,
  { unit: name, measurements, ranking, count, refit }: UnitCutRequest,
): UnitCutResult {
  const unit = unitOfNetwork(network, name);
  const scales = foldScales(network);
  // In the order of their index the factors of a rule are still those of their own channels.
  const first = ranking.order.subarray(0, count);
  const factors = ranking.factors?.(count);
  const kept = first.toSorted();
  const losses: (() => number)[] = [];
  let fitted = network;
  for (const { reading, statistics, weights, rows } of measurements) {
    const own = unitWeights(weights, rows, statistics.outputs);
    const byChannel = fitUnit(statistics, own, { kept, refit, first, factors });
    const byRow = Float64Array.from(weights);
    const size = statistics.taps * statistics.outputs;
    kept.forEach((channel, at) => {
      (rows[channel] ?? []).forEach((row, tap) => {
        const from = at * size + tap * statistics.outputs;
        byRow.set(byChannel.subarray(from, from + statistics.outputs), row * statistics.outputs);
      });
    });
    losses.push(() => weightLoss(statistics, kept, byChannel));
    fitted = withWeights(fitted, reading, byRow, scales.get(reading.weight));
  }
  const energy = measurements.reduce((sum, { statistics }) => sum + statistics.energy, 0);
  return {
    network: cutNetwork(fitted, [{ unit, kept: [...kept] }]),
    kept: [...kept],
    loss: () => (energy > 0 ? losses.reduce((sum, loss) => sum + loss(), 0) / energy : 0),
  };
}

interface Fit {
  readonly kept: Uint32Array;
  readonly refit: Refit;
  /** The kept ones in the order of their ranking, and their factors. */
  readonly first: Uint32Array;
  readonly factors: Float64Array | undefined;
}

/** The consumer's weights for the kept channels [g·n × O]. */
function fitUnit(
  statistics: ChannelStatistics,
  own: Float64Array,
  { kept, refit, first, factors }: Fit,
): Float64Array {
  if (refit === 'weights') return refitWeights(statistics, kept).weights;
  const size = statistics.taps * statistics.outputs;
  const scaled = new Float64Array(kept.length * size);
  const scales =
    refit === 'scales'
      ? refitScales(contributions(statistics, own), kept).scales
      : Float64Array.from(kept, (channel) => factors?.[first.indexOf(channel)] ?? 1);
  kept.forEach((channel, at) => {
    for (let e = 0; e < size; e++) {
      scaled[at * size + e] = (own[channel * size + e] as number) * (scales[at] as number);
    }
  });
  return scaled;
}

/** The unit's part of W, channel by channel [gC × O]. */
export function unitWeights(
  weights: Float64Array,
  rows: readonly (readonly number[])[],
  outputs: number,
): Float64Array {
  const own = new Float64Array(rows.flat().length * outputs);
  rows.flat().forEach((row, at) => {
    own.set(weights.subarray(row * outputs, (row + 1) * outputs), at * outputs);
  });
  return own;
}

/** @throws RangeError when the network has no such unit. */
export function unitOfNetwork({ graph }: Network, name: string): Unit {
  const unit = findUnits(graph).units.find((own) => own.name === name);
  if (!unit) throw new RangeError(`The network has no unit "${name}".`);
  return unit;
}
