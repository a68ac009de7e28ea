import { EspalierError } from '../../errors.js';
import type { PatchTotals } from './patch-products.js';
import { addRows } from './rows.js';

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

/** C, of statistics of one and the same unit. @throws RangeError when they are not. */
export function channelsOfUnit(consumers: readonly ChannelStatistics[]): number {
  const [first, ...others] = consumers;
  if (first && others.every(({ channels }) => channels === first.channels)) return first.channels;
  throw new RangeError('Statistics of one unit need one consumer at least, all of its channels.');
}

/** λ in Q's own units. */
export function gramRidge({ gram, channels, taps }: ChannelStatistics): number {
  const rows = channels * taps;
  let trace = 0;
  for (let row = 0; row < rows; row++) trace += gram[row * rows + row] ?? 0;
  return (RIDGE * trace) / rows;
}

/**
 * @param unit that they are of.
 * @throws bad-data when sizes do not belong together or a sum is not finite.
 */
export function requireStatistics(statistics: ChannelStatistics, unit: string): void {
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
    `The activations of ${unit} for the calibration images are not finite: the network diverged, or its images are not preprocessed as it expects.`,
  );
}

/**
 * The statistics of a unit from the sums over its consumer's patches. The consumer should give
 * Y = P W + E, with W what it has and E what is missing: so R = Q W + PᵀE and q = ‖P W + E‖², and
 * where nothing is missing the patches alone are enough. What it reads besides the unit stays as it
 * is, and its share is taken from Y.
 *
 * @param weights W of all that the consumer reads [rows × O].
 * @param rows of the patches that belong to each channel of the unit, as many for each.
 */
export function statisticsOfUnit(
  { gram, errorProduct, errorEnergy, positions }: PatchTotals,
  weights: Float64Array,
  rows: readonly (readonly number[])[],
): ChannelStatistics {
  const size = Math.round(Math.sqrt(gram.length));
  const outputs = weights.length / size;
  const own = Uint32Array.from(rows.flat());
  // W of the unit alone: what Y is without the others.
  const kept = new Float64Array(weights.length);
  for (const row of own) {
    kept.set(weights.subarray(row * outputs, (row + 1) * outputs), row * outputs);
  }
  const through = new Float64Array(own.length * outputs);
  const keptRows = { values: kept, at: 0, step: outputs, count: size };
  let energy = errorEnergy;
  own.forEach((row, i) => {
    const factors = { values: gram, at: row * size, step: 1 };
    addRows(through.subarray(i * outputs, (i + 1) * outputs), 1, factors, keptRows);
    for (let o = 0; o < outputs; o++) {
      const [weight, product] = [kept[row * outputs + o], through[i * outputs + o]];
      const missing = errorProduct?.[row * outputs + o] ?? 0;
      energy += (weight as number) * ((product as number) + 2 * missing);
      through[i * outputs + o] = (product as number) + missing;
    }
  });
  const square = new Float64Array(own.length * own.length);
  own.forEach((row, i) => {
    own.forEach((column, j) => {
      square[i * own.length + j] = gram[row * size + column] as number;
    });
  });
  return {
    channels: rows.length,
    taps: own.length / Math.max(1, rows.length),
    outputs,
    positions,
    gram: square,
    correlation: through,
    energy,
  };
}

/** ‖Y − P_S W_S‖² = q − 2 ⟨R_S, W_S⟩ + ⟨W_S, Q_SS W_S⟩ of any weights W_S [g·n × O] for n channels. */
export function weightLoss(
  { channels, taps, outputs, gram, correlation, energy }: ChannelStatistics,
  kept: ArrayLike<number>,
  weights: Float64Array,
): number {
  const rows = rowsOfChannels(kept, taps);
  let loss = energy;
  const through = new Float64Array(outputs);
  rows.forEach((row, i) => {
    through.fill(0);
    for (let n = 0; n < kept.length; n++) {
      const at = (row * channels + (kept[n] as number)) * taps;
      const factors = { values: gram, at, step: 1 };
      const own = { values: weights, at: n * taps * outputs, step: outputs, count: taps };
      addRows(through, 1, factors, own);
    }
    for (let o = 0; o < outputs; o++) {
      const missing = (through[o] as number) - 2 * (correlation[row * outputs + o] as number);
      loss += (weights[i * outputs + o] as number) * missing;
    }
  });
  return loss;
}

/** The rows of Q and R that belong to these channels. */
export function rowsOfChannels(channels: ArrayLike<number>, taps: number): Uint32Array {
  return Uint32Array.from(
    { length: channels.length * taps },
    (_, at) => (channels[Math.floor(at / taps)] ?? 0) * taps + (at % taps),
  );
}
