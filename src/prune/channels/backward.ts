import { factor, solveLower, solveUpper } from './cholesky.js';
import { addRows } from './rows.js';
import {
  type ChannelOrder,
  type ChannelStatistics,
  channelsOfUnit,
  gramRidge,
} from './statistics.js';

/**
 * Exact backward elimination: from all channels on, again and again the channel goes whose removal,
 * with the other weights refitted, costs least; of equals, the highest index. With Π = (Q + λI)⁻¹
 * and W = Π R, removing i costs tr(W_iᵀ (Π_ii)⁻¹ W_i), and leaves Π − Π_·i Π_ii⁻¹ Π_i· and
 * W − Π_·i Π_ii⁻¹ W_i. Takes (gC)³ multiply-adds for Π and (gC)² g a removal, in float64. The costs of several consumers are added
 * up.
 */
export function eliminateGroups(consumers: readonly ChannelStatistics[]): ChannelOrder {
  const channels = channelsOfUnit(consumers);
  const states = consumers.map(startState);
  const open = new Set(Array.from({ length: channels }, (_, channel) => channel));
  const order = new Uint32Array(channels);
  const loss = new Float64Array(channels);
  let left = states.reduce((sum, state) => sum + state.loss, 0);
  for (let count = channels; count > 0; count--) {
    let worst = -1;
    let cost = Number.POSITIVE_INFINITY;
    for (const channel of open) {
      let costs = 0;
      for (const state of states) costs += removalCost(state, channel);
      if (costs <= cost) [worst, cost] = [channel, costs];
    }
    order[count - 1] = worst;
    loss[count - 1] = left;
    left += cost;
    open.delete(worst);
    for (const state of states) remove(state, worst, open);
  }
  return { order, loss };
}

interface State {
  readonly statistics: ChannelStatistics;
  /** Π [gC × gC], and W = Π R [gC × O], of the channels that are left. */
  readonly inverse: Float64Array;
  readonly weights: Float64Array;
  /** ‖Y − P W‖² with all channels. */
  readonly loss: number;
  /** Room for one channel's factor [g × g] and its solved W [g × O]. */
  readonly square: Float64Array;
  readonly solved: Float64Array;
}

function startState(statistics: ChannelStatistics): State {
  const { channels, taps, outputs, correlation, energy } = statistics;
  const inverse = inverseGram(statistics);
  const weights = product(inverse, correlation, channels * taps, outputs);
  let loss = energy;
  weights.forEach((weight, at) => {
    loss -= weight * (correlation[at] as number);
  });
  const square = new Float64Array(taps * taps);
  return { statistics, inverse, weights, loss, square, solved: new Float64Array(taps * outputs) };
}

/** tr(W_iᵀ (Π_ii)⁻¹ W_i) = ‖L⁻¹ W_i‖², with L Lᵀ = Π_ii left in `square` and L⁻¹ W_i in `solved`. */
function removalCost(
  { statistics, inverse, weights, square, solved }: State,
  channel: number,
): number {
  const { channels, taps, outputs } = statistics;
  for (let t = 0; t < taps; t++) {
    const row = (channel * taps + t) * channels * taps + channel * taps;
    for (let s = 0; s < taps; s++) square[t * taps + s] = inverse[row + s] as number;
  }
  factor(square, taps);
  solved.set(weights.subarray(channel * taps * outputs, (channel + 1) * taps * outputs));
  solveLower(square, taps, solved, outputs);
  let sum = 0;
  for (const value of solved) sum += value * value;
  return sum;
}

/** Takes a channel out of Π and W of the `open` ones. */
function remove(state: State, channel: number, open: ReadonlySet<number>): void {
  const { statistics, inverse, weights, square, solved } = state;
  const { channels, taps, outputs } = statistics;
  const rows = channels * taps;
  removalCost(state, channel);
  solveUpper(square, taps, solved, outputs);
  // Π_ii⁻¹ Π_i· [g × gC], by the factor that the cost left.
  const across = inverse.slice(channel * taps * rows, (channel + 1) * taps * rows);
  solveLower(square, taps, across, rows);
  solveUpper(square, taps, across, rows);
  const gone = { values: across, at: 0, step: rows, count: taps };
  const explained = { values: solved, at: 0, step: outputs, count: taps };
  for (const other of open) {
    for (let row = other * taps; row < (other + 1) * taps; row++) {
      // Π is symmetric, and the rows of what goes stay as they are.
      const shares = { values: inverse, at: channel * taps * rows + row, step: rows };
      addRows(inverse.subarray(row * rows, (row + 1) * rows), -1, shares, gone);
      addRows(weights.subarray(row * outputs, (row + 1) * outputs), -1, shares, explained);
    }
  }
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
  const rows = { values: b, at: 0, step: columns, count: n };
  for (let row = 0; row < n; row++) {
    const factors = { values: a, at: row * n, step: 1 };
    addRows(out.subarray(row * columns, (row + 1) * columns), 1, factors, rows);
  }
  return out;
}
