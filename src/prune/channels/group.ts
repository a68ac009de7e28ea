import { factor, solveLower } from './cholesky.js';
import { addRows } from './rows.js';
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
 * and Luo, 1989) with groups of g. Each pick takes its g columns of Q out of what is left of Q and R, as a pivoted
 * Cholesky factorisation does. All C picks take (gC)³ / 4 + (gC)² O / 2 multiply-adds in float64 besides
 * the scores.
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
    if (pick + 1 < picks) for (const state of states) take(state, best, open);
  }
  return { order, loss };
}

interface State {
  readonly statistics: ChannelStatistics;
  /** Q + λI without what the picks explain [gC × gC]: the lower triangle, in the rows of open channels. */
  readonly rest: Float64Array;
  /** Diagonal of Q + λI [gC]: what a pivot of E_i is measured by. */
  readonly scale: Float64Array;
  /** B [gC × O]. */
  readonly residual: Float64Array;
  /** Room for a pick's columns, orthonormalised [g × gC]. */
  readonly columns: Float64Array;
  /** Room for one channel's factor [g × g] and its solved B [g × O]. */
  readonly square: Float64Array;
  readonly solved: Float64Array;
}

function startState(statistics: ChannelStatistics): State {
  const { channels, taps, outputs, gram, correlation } = statistics;
  const rows = channels * taps;
  const ridge = gramRidge(statistics);
  const rest = Float64Array.from(gram);
  const scale = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const diagonal = row * rows + row;
    scale[row] = rest[diagonal] = (rest[diagonal] as number) + ridge;
  }
  return {
    statistics,
    rest,
    scale,
    residual: Float64Array.from(correlation),
    columns: new Float64Array(taps * rows),
    square: new Float64Array(taps * taps),
    solved: new Float64Array(taps * outputs),
  };
}

/** Factors E_i and solves for L⁻¹ B_i, both into the state's room. */
function solveChannel({ statistics, rest, scale, residual, square, solved }: State, i: number) {
  const { channels, taps, outputs } = statistics;
  const rows = channels * taps;
  for (let t = 0; t < taps; t++) {
    const at = (i * taps + t) * rows + i * taps;
    for (let s = 0; s <= t; s++) square[s * taps + t] = rest[at + s] as number;
  }
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

/** Takes the channel in: its g columns, orthonormalised, leave what is left of Q and R of the open ones. */
function take(state: State, pick: number, open: ReadonlySet<number>): void {
  const { statistics, rest, residual, columns, square, solved } = state;
  const { channels, taps, outputs } = statistics;
  const rows = channels * taps;
  solveChannel(state, pick);
  columns.fill(0);
  for (const channel of open) {
    for (let row = channel * taps; row < (channel + 1) * taps; row++) {
      for (let t = 0; t < taps; t++) {
        const column = pick * taps + t;
        // Of two that are equal, the lower triangle has one.
        const at = row > column ? row * rows + column : column * rows + row;
        columns[t * rows + row] = rest[at] as number;
      }
    }
  }
  solveLower(square, taps, columns, rows);
  const taken = { values: columns, at: 0, step: rows, count: taps };
  const explained = { values: solved, at: 0, step: outputs, count: taps };
  for (const channel of open) {
    for (let row = channel * taps; row < (channel + 1) * taps; row++) {
      const shares = { values: columns, at: row, step: rows };
      addRows(rest.subarray(row * rows, row * rows + row + 1), -1, shares, taken);
      addRows(residual.subarray(row * outputs, (row + 1) * outputs), -1, shares, explained);
    }
  }
}
