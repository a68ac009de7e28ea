import type { ChannelStatistics } from './statistics.js';

/**
 * What each channel adds to its consumer's answer as it is, Z_i = P_i W_i, by inner products over
 * all positions.
 */
export interface Contributions {
  readonly channels: number;
  /** K_ij = ⟨Z_i, Z_j⟩ [C × C]. */
  readonly gram: Float64Array;
  /** ⟨Z_i, Y⟩ [C]. */
  readonly correlation: Float64Array;
  /** q = ‖Y‖². */
  readonly energy: number;
}

/**
 * K_ij = Σ (Q_ij ∘ W_i W_jᵀ) and ⟨Z_i, Y⟩ = Σ (W_i ∘ R_i), from (gC)² O multiply-adds.
 *
 * @param weights the consumer's own W [gC × O], channel by channel.
 */
export function contributions(
  { channels, taps, outputs, gram, correlation, energy }: ChannelStatistics,
  weights: Float64Array,
): Contributions {
  const rows = channels * taps;
  const products = new Float64Array(channels * channels);
  const withTargets = new Float64Array(channels);
  /** Q_·j W_j [gC × O], of one channel j at a time. */
  const through = new Float64Array(rows * outputs);
  for (let j = 0; j < channels; j++) {
    through.fill(0);
    for (let row = 0; row < rows; row++) {
      for (let t = 0; t < taps; t++) {
        const factor = gram[row * rows + j * taps + t] as number;
        const from = (j * taps + t) * outputs;
        for (let o = 0; o < outputs; o++) {
          const at = row * outputs + o;
          through[at] = (through[at] as number) + factor * (weights[from + o] as number);
        }
      }
    }
    const size = taps * outputs;
    for (let i = 0; i < channels; i++) {
      products[i * channels + j] = innerProduct(weights, through, i * size, size);
    }
    withTargets[j] = innerProduct(weights, correlation, j * size, size);
  }
  return { channels, gram: products, correlation: withTargets, energy };
}

/** Σ a_e b_e over `count` elements from `first` on. */
function innerProduct(a: Float64Array, b: Float64Array, first: number, count: number): number {
  let sum = 0;
  for (let at = first; at < first + count; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
