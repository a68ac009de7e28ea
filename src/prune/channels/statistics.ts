import { EspalierError } from '../../errors.js';

/**
 * All that a selection of channels needs to know of one consumer: three sums over M positions of
 * the calibration images. P [M × gC] holds the consumer's input patches, a row a position, and
 * Y [M × O] what the consumer should give there. Rows of Q and R go channel by channel: tap t of
 * channel c is row c·g + t.
 */
export interface ChannelStatistics {
  /** C. */
  readonly channels: number;
  /** g, taps of the consumer's filter: 1 for a 1 × 1 convolution or a linear layer. */
  readonly taps: number;
  /** O. */
  readonly outputs: number;
  /** M, images × output positions. */
  readonly positions: number;
  /** Q = PᵀP [gC × gC]. */
  readonly gram: Float64Array;
  /** R = PᵀY [gC × O]. */
  readonly correlation: Float64Array;
  /** q = ‖Y‖². */
  readonly energy: number;
}

/** Channels in the order in which they are kept, and what is lost when the first k are. */
export interface ChannelOrder {
  /** A permutation of some or all of the channels: the first k are the k kept ones. */
  readonly order: Uint32Array;
  /** ‖Y − P_S W_S‖² for the first 1, 2, … channels, the consumer's weights refitted. */
  readonly loss: Float64Array;
}

/** λ over the mean of Q's diagonal: what the refit adds to the diagonal, so that it is regular. */
export const RIDGE = 1e-6;

/** λ in Q's own units. */
export function gramRidge({ gram, channels, taps }: ChannelStatistics): number {
  const rows = channels * taps;
  let trace = 0;
  for (let row = 0; row < rows; row++) trace += gram[row * rows + row] ?? 0;
  return (RIDGE * trace) / rows;
}

/** @throws bad-data when sizes do not belong together or a sum is not finite. */
export function requireStatistics(statistics: ChannelStatistics): void {
  const { channels, taps, outputs, gram, correlation, energy } = statistics;
  const rows = channels * taps;
  if (gram.length !== rows ** 2 || correlation.length !== rows * outputs) {
    throw new EspalierError(
      'bad-data',
      `Statistics of ${channels} channels, ${taps} taps and ${outputs} outputs hold ${rows ** 2} and ${rows * outputs} sums, not ${gram.length} and ${correlation.length}.`,
    );
  }
  const finite = Number.isFinite(energy) && gram.every(Number.isFinite);
  if (finite && correlation.every(Number.isFinite)) return;
  throw new EspalierError(
    'bad-data',
    'The activations of the calibration images are not finite: the network diverged, or its images are not preprocessed as it expects.',
  );
}
