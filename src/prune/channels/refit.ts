import { factor, solveLower, solveUpper } from './cholesky.js';
import { type ChannelStatistics, gramRidge, rowsOfChannels } from './statistics.js';

/** A consumer's best weights for the channels that stay. */
export interface Refit {
  /** W_S [g·|S| × O], channel by channel in the order of `kept`. */
  readonly weights: Float64Array;
  /** q − ⟨R_S, W_S⟩, which is ‖Y − P_S W_S‖² + λ‖W_S‖². */
  readonly loss: number;
}

/**
 * The consumer's weights by least squares, W_S = (Q_SS + λI)⁻¹ R_S. Takes (g|S|)³ / 6 + (g|S|)² O
 * multiply-adds in float64.
 *
 * @param kept the channels S, each once.
 */
export function refitWeights(statistics: ChannelStatistics, kept: ArrayLike<number>): Refit {
  const { channels, taps, outputs, gram, correlation, energy } = statistics;
  const rows = channels * taps;
  const size = kept.length * taps;
  const indices = rowsOfChannels(kept, taps);
  const ridge = gramRidge(statistics);
  const square = new Float64Array(size * size);
  const weights = new Float64Array(size * outputs);
  indices.forEach((row, i) => {
    // The factor reads the upper triangle alone.
    for (let j = i; j < size; j++) {
      square[i * size + j] = gram[row * rows + (indices[j] as number)] as number;
    }
    square[i * size + i] = (square[i * size + i] as number) + ridge;
    weights.set(correlation.subarray(row * outputs, (row + 1) * outputs), i * outputs);
  });
  factor(square, size);
  solveLower(square, size, weights, outputs);
  const explained = weights.reduce((sum, value) => sum + value * value, 0);
  solveUpper(square, size, weights, outputs);
  return { weights, loss: energy - explained };
}
