import type { Device } from '../../gpu/device.js';
import { eliminateGroups } from './backward.js';
import { type Contributions, contributions } from './contributions.js';
import { selectGroups } from './group.js';
import {
  type Filters,
  rankByActivation,
  rankByDistance,
  rankByLot,
  rankByScale,
  rankByWeight,
} from './rankings.js';
import { selectByRule } from './rules.js';
import { type ChannelStatistics, channelsOfUnit } from './statistics.js';

/** How the channels of a unit are chosen. */
export const CHANNEL_CRITERIA = [
  'group',
  'backward',
  'average',
  'line-search',
  'corrective',
  'network-loss',
  'l1',
  'bn-scale',
  'fpgm',
  'activation',
  'taylor',
  'random',
] as const;
/** The name of one of these ways. */
export type ChannelCriterion = (typeof CHANNEL_CRITERIA)[number];

/** Those that look at the loss, and so at labels. */
export const LABELLED_CRITERIA: readonly ChannelCriterion[] = ['network-loss', 'taylor'];

/** What the channels of one unit can be chosen by. */
export interface ChannelProblem {
  /** One a consumer. */
  readonly consumers: readonly ChannelStatistics[];
  /** Each consumer's own weights W [gC × O], channel by channel. */
  readonly weights: readonly Float64Array[];
  /** The filters that make the channels, one writer behind the other. */
  readonly filters: Filters;
  /** |γ| of the batch norm behind them, where there is one. */
  readonly scales?: ArrayLike<number> | undefined;
  /** How far the loss would move if a channel went; `taylor` alone needs it. */
  readonly saliency?: ArrayLike<number> | undefined;
  /** How many channels are asked for; all by default. `group` finds no more than these. */
  readonly count?: number;
  readonly seed: number;
}

/** The channels of a unit, the first kept first. */
export interface ChannelRanking {
  /** All C of them, or as many as were asked for. */
  readonly order: Uint32Array;
  /** Of rules: by what the contributions of the first `count` are multiplied. */
  readonly factors?: (count: number) => Float64Array;
}

/**
 * Ranks the channels of a unit by one criterion; the first k are those that a cut to k keeps. For
 * `network-loss` the unit alone says nothing: whoever has the network asks it.
 *
 * @throws bad-data when a rule meets numbers that are not finite; aborted.
 */
export async function rankChannels(
  device: Device,
  criterion: Exclude<ChannelCriterion, 'network-loss'>,
  problem: ChannelProblem,
  signal?: AbortSignal,
): Promise<ChannelRanking> {
  const { consumers, filters, scales, saliency, seed } = problem;
  const channels = channelsOfUnit(consumers);
  const { count = channels } = problem;
  switch (criterion) {
    case 'group':
      return { order: selectGroups(consumers, count).order };
    case 'backward':
      return { order: eliminateGroups(consumers).order };
    case 'average':
    case 'line-search':
    case 'corrective':
      return selectByRule(device, jointContributions(problem), criterion, signal);
    case 'l1':
      return { order: rankByWeight(filters) };
    case 'fpgm':
      return { order: rankByDistance(filters) };
    case 'bn-scale':
      // Without a batch norm nothing says more of a channel's scale than its filter.
      return { order: scales ? rankByScale(scales) : rankByWeight(filters) };
    case 'activation':
      return { order: rankByActivation(consumers) };
    case 'taylor':
      if (!saliency)
        throw new RangeError('The criterion taylor needs the saliency of the channels.');
      return { order: rankByScale(saliency) };
    case 'random':
      return { order: rankByLot(channels, seed) };
  }
}

/** The contributions to all consumers together: their inner products add up. */
function jointContributions({
  consumers,
  weights,
}: Pick<ChannelProblem, 'consumers' | 'weights'>): Contributions {
  const [first, ...others] = consumers.map((own, at) =>
    contributions(own, weights[at] as Float64Array),
  );
  return others.reduce<Contributions>(
    (sum, other) => ({
      channels: sum.channels,
      gram: sum.gram.map((value, at) => value + (other.gram[at] as number)),
      correlation: sum.correlation.map((value, at) => value + (other.correlation[at] as number)),
      energy: sum.energy + other.energy,
    }),
    first as Contributions,
  );
}
