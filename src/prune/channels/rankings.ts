import { distinctDraws, randomStream } from '../../random.js';
import { type ChannelStatistics, channelsOfUnit } from './statistics.js';

/**
 * Ways to rank channels without looking at what they are used for: to compare with. Each gives all
 * channels, the most important first, equals by their index.
 */

/** The filters that make the channels [C × length], biases left out. */
export interface Filters {
  readonly channels: number;
  readonly data: Float32Array;
}

/** By Σ|w| of the channel's filter (Li et al., *Pruning Filters for Efficient ConvNets*, 2017). */
export function rankByWeight({ channels, data }: Filters): Uint32Array {
  const length = data.length / channels;
  return ranked(channels, (channel) => {
    let sum = 0;
    for (let at = channel * length; at < (channel + 1) * length; at++) {
      sum += Math.abs(data[at] as number);
    }
    return sum;
  });
}

/**
 * By Σ_j ‖w_i − w_j‖: filters near the geometric median of all say nothing of their own (He et al.,
 * *Filter Pruning via Geometric Median*, CVPR 2019).
 */
export function rankByDistance({ channels, data }: Filters): Uint32Array {
  const length = data.length / channels;
  return ranked(channels, (channel) => {
    let sum = 0;
    for (let other = 0; other < channels; other++) {
      let square = 0;
      for (let at = 0; at < length; at++) {
        const difference =
          (data[channel * length + at] as number) - (data[other * length + at] as number);
        square += difference * difference;
      }
      sum += Math.sqrt(square);
    }
    return sum;
  });
}

/**
 * By the size of one number a channel: |γ| of the batch norm behind its filter (Liu et al., *Network
 * Slimming*, ICCV 2017), or how far the loss would move if it went.
 */
export function rankByScale(scales: ArrayLike<number>): Uint32Array {
  return ranked(scales.length, (channel) => Math.abs(scales[channel] as number));
}

/** By the channel's sum of squares over the patches of all consumers: the traces of Q_ii. */
export function rankByActivation(consumers: readonly ChannelStatistics[]): Uint32Array {
  const channels = channelsOfUnit(consumers);
  return ranked(channels, (channel) => {
    let sum = 0;
    for (const { taps, gram } of consumers) {
      for (let row = channel * taps; row < (channel + 1) * taps; row++) {
        sum += gram[row * channels * taps + row] as number;
      }
    }
    return sum;
  });
}

/** In an order drawn by lot. */
export function rankByLot(channels: number, seed: number): Uint32Array {
  return distinctDraws(randomStream(seed, 'channels'), channels)(channels);
}

/** Channels by falling importance, equals by rising index. */
function ranked(channels: number, importance: (channel: number) => number): Uint32Array {
  const values = Float64Array.from({ length: channels }, (_, channel) => importance(channel));
  const order = Uint32Array.from(values.keys());
  return order.sort(
    (one, other) => (values[other] as number) - (values[one] as number) || one - other,
  );
}
