import { factor, solveLower } from './cholesky.js';
import {
  type ChannelOrder,
  type ChannelStatistics,
  channelsOfUnit,
  gramRidge,
} from './statistics.js';

/**
 * Group greedy forward selection: each pick is the channel whose addition leaves the smallest loss
 * when all weights of the consumer are refitted; ties go to the lowest index. With S picked,
 *
 *     E_i = Q_ii − Q_iS Q_SS⁻¹ Q_Si  [g × g]      B_i = R_i − Q_iS Q_SS⁻¹ R_S  [g × O]
 *
 * channel i lowers the loss by tr(B_iᵀ E_i⁻¹ B_i). This is orthogonal least squares (Chen, Billings
 * and Luo, 1989) with groups of g, by a partial Cholesky factorisation that grows by g columns a
 * pick. k picks take about (gk)² gC / 2 + gk gC O multiply-adds in float64 besides the scores.
 *
 * @param consumers all that read the unit's channels; their losses are added up.
 * @param picks how many channels, at most C.
 */
export function selectGroups(consumers: readonly ChannelStatistics[], picks: number): ChannelOrder {
  const channels = channelsOfUnit(consumers);
  const states = consumers.map(startState);
  const order = new Uint32Array(picks);
  const loss = new Float64Array(picks);
  const open = new Set(Array.from({ length: channels }, (_, channel) => channel));
  let left = consumers.reduce((sum, { energy }) => sum + energy, 0);
  for (let pick = 0; pick < picks; pick++) {
    let best = -1;
    let gain = Number.NEGATIVE_INFINITY;
    for (const channel of open) {
      let lowers = 0;
      for (const state of states) lowers += lossReduction(state, channel);
      if (lowers > gain) [best, gain] = [channel, lowers];
    }
    open.delete(best);
    order[pick] = best;
    left -= gain;
    loss[pick] = left;
    if (pick + 1 < picks) for (const state of states) take(state, best);
  }
  return { order, loss };
}

interface State {
  readonly statistics: ChannelStatistics;
  readonly ridge: number;
  /** E_i [C × g × g]. */
  readonly rest: Float64Array;
  /** Diagonal of Q + λI [gC]: what a pivot of E_i is measured by. */
  readonly scale: Float64Array;
  /** B [gC × O]. */
  readonly residual: Float64Array;
  /** Q's columns at the picks, orthonormalised: one [gC × g] a pick. */
  readonly basis: Float64Array[];
  /** Room for one channel's factor [g × g] and its solved B [g × O]. */
  readonly square: Float64Array;
  readonly solved: Float64Array;
}

function startState(statistics: ChannelStatistics): State {
  const { channels, taps, outputs, gram, correlation } = statistics;
  const rows = channels * taps;
  const ridge = gramRidge(statistics);
  const rest = new Float64Array(channels * taps * taps);
  const scale = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const first = row - (row % taps);
    for (let t = 0; t < taps; t++) rest[row * taps + t] = gram[row * rows + first + t] as number;
    rest[row * taps + (row % taps)] = (gram[row * rows + row] as number) + ridge;
    scale[row] = (gram[row * rows + row] as number) + ridge;
  }
  return {
    statistics,
    ridge,
    rest,
    scale,
    residual: Float64Array.from(correlation),
    basis: [],
    square: new Float64Array(taps * taps),
    solved: new Float64Array(taps * outputs),
  };
}

/** Factors E_i and solves for L⁻¹ B_i, both into the state's room. */
function solveChannel({ statistics, rest, scale, residual, square, solved }: State, i: number) {
  const { taps, outputs } = statistics;
  square.set(rest.subarray(i * taps * taps, (i + 1) * taps * taps));
  factor(square, taps, scale.subarray(i * taps, (i + 1) * taps));
  solved.set(residual.subarray(i * taps * outputs, (i + 1) * taps * outputs));
  solveLower(square, taps, solved, outputs);
}

/** tr(B_iᵀ E_i⁻¹ B_i) = ‖L⁻¹ B_i‖². */
function lossReduction(state: State, channel: number): number {
  solveChannel(state, channel);
  let sum = 0;
  for (const value of state.solved) sum += value * value;
  return sum;
}

/** Takes the channel in: its g columns, orthonormalised, leave every E_i and B_i. */
function take(state: State, pick: number): void {
  const { statistics, ridge, basis, rest, residual, square, solved } = state;
  const { channels, taps, outputs, gram } = statistics;
  const rows = channels * taps;
  solveChannel(state, pick);
  const columns = new Float64Array(rows * taps);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < taps; t++)
      columns[row * taps + t] = gram[row * rows + pick * taps + t] as number;
  }
  for (let t = 0; t < taps; t++) {
    const at = (pick * taps + t) * taps + t;
    columns[at] = (columns[at] as number) + ridge;
  }
  for (const earlier of basis) subtractOuter(columns, earlier, taps, pick);
  // columns ← columns L⁻ᵀ, row by row a solve with L.
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < taps; t++) {
      let sum = columns[row * taps + t] as number;
      for (let s = 0; s < t; s++) {
        sum -= (columns[row * taps + s] as number) * (square[t * taps + s] as number);
      }
      const pivot = square[t * taps + t] as number;
      columns[row * taps + t] = pivot === 0 ? 0 : sum / pivot;
    }
  }
  basis.push(columns);
  for (let row = 0; row < rows; row++) {
    const first = row - (row % taps);
    for (let t = 0; t < taps; t++) {
      let product = 0;
      for (let s = 0; s < taps; s++) {
        product +=
          (columns[row * taps + s] as number) * (columns[(first + t) * taps + s] as number);
      }
      rest[row * taps + t] = (rest[row * taps + t] as number) - product;
    }
    for (let s = 0; s < taps; s++) {
      const factor = columns[row * taps + s] as number;
      if (factor === 0) continue;
      for (let o = 0; o < outputs; o++) {
        const at = row * outputs + o;
        residual[at] = (residual[at] as number) - factor * (solved[s * outputs + o] as number);
      }
    }
  }
}

/** columns ← columns − V V_pᵀ, with V an earlier pick's basis and V_p its rows at the new pick. */
function subtractOuter(columns: Float64Array, v: Float64Array, taps: number, pick: number): void {
  const own = v.subarray(pick * taps * taps, (pick + 1) * taps * taps);
  for (let at = 0; at < columns.length; at += taps) {
    for (let t = 0; t < taps; t++) {
      let sum = 0;
      for (let s = 0; s < taps; s++) sum += (v[at + s] as number) * (own[t * taps + s] as number);
      columns[at + t] = (columns[at + t] as number) - sum;
    }
  }
}
