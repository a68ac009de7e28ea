import { factor, solveLower, solveUpper } from './cholesky.js';
import { type ChannelOrder, type ChannelStatistics, gramRidge } from './statistics.js';

/**
 * Exact backward elimination: from all channels on, again and again the channel goes whose removal,
 * with the other weights refitted, costs least; of equals, the highest index. With Π = (Q + λI)⁻¹
 * and W = Π R, removing i costs tr(W_iᵀ (Π_ii)⁻¹ W_i), and leaves Π − Π_·i Π_ii⁻¹ Π_i· and
 * W − Π_·i Π_ii⁻¹ W_i. Takes (gC)³ multiply-adds for Π and (gC)² g a removal, in float64.
 */
export function eliminateGroups(statistics: ChannelStatistics): ChannelOrder {
  const { channels, taps, outputs, correlation, energy } = statistics;
  const rows = channels * taps;
  const inverse = inverseGram(statistics);
  const weights = product(inverse, correlation, rows, outputs);
  const open = new Set(Array.from({ length: channels }, (_, channel) => channel));
  const order = new Uint32Array(channels);
  const loss = new Float64Array(channels);
  let explained = 0;
  for (let at = 0; at < weights.length; at++) {
    explained += (weights[at] as number) * (correlation[at] as number);
  }
  let left = energy - explained;
  const square = new Float64Array(taps * taps);
  const solved = new Float64Array(taps * outputs);
  /** Factors Π_ii and gives L⁻¹ W_i, whose square is the cost of removing i. */
  const costOfRemoving = (channel: number) => {
    for (let t = 0; t < taps; t++) {
      const row = (channel * taps + t) * rows + channel * taps;
      for (let s = 0; s < taps; s++) square[t * taps + s] = inverse[row + s] as number;
    }
    factor(square, taps);
    solved.set(weights.subarray(channel * taps * outputs, (channel + 1) * taps * outputs));
    solveLower(square, taps, solved, outputs);
    let sum = 0;
    for (const value of solved) sum += value * value;
    return sum;
  };
  for (let count = channels; count > 0; count--) {
    let worst = -1;
    let cost = Number.POSITIVE_INFINITY;
    for (const channel of open) {
      const costs = costOfRemoving(channel);
      if (costs <= cost) [worst, cost] = [channel, costs];
    }
    order[count - 1] = worst;
    loss[count - 1] = left;
    left += cost;
    open.delete(worst);
    costOfRemoving(worst);
    solveUpper(square, taps, solved, outputs);
    // Π_ii⁻¹ Π_i· [g × gC], from the factor that `costOfRemoving` left.
    const across = inverse.slice(worst * taps * rows, (worst + 1) * taps * rows);
    solveLower(square, taps, across, rows);
    solveUpper(square, taps, across, rows);
    for (const channel of open) {
      for (let row = channel * taps; row < (channel + 1) * taps; row++) {
        for (let t = 0; t < taps; t++) {
          const factor = inverse[row * rows + worst * taps + t] as number;
          if (factor === 0) continue;
          for (let column = 0; column < rows; column++) {
            const at = row * rows + column;
            inverse[at] = (inverse[at] as number) - factor * (across[t * rows + column] as number);
          }
          for (let o = 0; o < outputs; o++) {
            const at = row * outputs + o;
            weights[at] = (weights[at] as number) - factor * (solved[t * outputs + o] as number);
          }
        }
      }
    }
  }
  return { order, loss };
}

/** (Q + λI)⁻¹ by its Cholesky factor. */
function inverseGram(statistics: ChannelStatistics): Float64Array {
  const { channels, taps, gram } = statistics;
  const rows = channels * taps;
  const ridge = gramRidge(statistics);
  const square = Float64Array.from(gram);
  const inverse = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    const diagonal = row * rows + row;
    square[diagonal] = (square[diagonal] as number) + ridge;
    inverse[diagonal] = 1;
  }
  factor(square, rows);
  solveLower(square, rows, inverse, rows);
  solveUpper(square, rows, inverse, rows);
  return inverse;
}

function product(a: Float64Array, b: Float64Array, n: number, columns: number): Float64Array {
  const out = new Float64Array(n * columns);
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < n; k++) {
      const factor = a[row * n + k] as number;
      if (factor === 0) continue;
      for (let c = 0; c < columns; c++) {
        const at = row * columns + c;
        out[at] = (out[at] as number) + factor * (b[k * columns + c] as number);
      }
    }
  }
  return out;
}
