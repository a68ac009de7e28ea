import { readFloats } from '../../gpu/buffer.js';
import {
  CORRECTIVE_WORDS,
  DEPENDENT,
  prepareCorrectiveUpdate,
} from '../../kernels/corrective-update.js';
import { NEGLIGIBLE } from '../../kernels/pick.js';
import { type History, type Rule, readTrace } from './rule.js';

/**
 * After each pick all α are refitted by least squares, and the pick is the candidate whose addition
 * gives the smallest refitted loss: orthogonal least squares (Chen, Billings and Luo, 1989) by a
 * partial Cholesky factorisation of the picks' Gram matrix. It stalls when every other neuron is a
 * combination of the picks, or helps no more than rounding.
 */
export const corrective: Rule = {
  fitted: true,
  stalls: true,
  foreseeable: false,
  prepare: async ({ device, scope, weights, buffers, picks }) => {
    const basis = scope.buffer('orthonormal basis', picks * weights.rows);
    return {
      update: await prepareCorrectiveUpdate(device, { ...buffers, weights, basis }),
      read: () => readFloats(basis),
    };
  },
  replay: (history) => {
    const { picks, energy } = history;
    let left = energy;
    const residual = Float64Array.from(picks, (_, step) => {
      left += Math.min(0, readTrace(history, step, CORRECTIVE_WORDS).score);
      return left;
    });
    const stalled = picks.findIndex((_, step) => !brings(history, step));
    return {
      residual,
      stalled: stalled < 0 ? picks.length : stalled,
      shares: (basis) => refitted(history, basis ?? new Float32Array()),
    };
  },
};

/** Whether a pick brings a direction of its own, along which something of the targets is left. */
function brings(history: History, step: number): boolean {
  const { score, energy, remaining, outside } = readTrace(history, step, CORRECTIVE_WORDS);
  // |⟨φ, r⟩| ≤ NEGLIGIBLE ‖φ‖ ‖y‖ is what rounding leaves of an answer that is complete.
  const helps = remaining * remaining > NEGLIGIBLE ** 2 * energy * history.energy;
  return score < 0 && helps && outside > DEPENDENT * energy;
}

/**
 * Least-squares shares of the first 1, 2, … k picks [k × k]: back substitution in R α = z, where
 * R_ts = ⟨φ_s, e_t⟩ is the basis at the picks and z_t = ⟨e_t, y⟩.
 */
function refitted(history: History, basis: Float32Array): Float64Array {
  const { picks, width: n } = history;
  const k = picks.length;
  const shares = new Float64Array(k * k);
  const r = (t: number, s: number) => basis[t * n + (picks[s] ?? 0)] ?? Number.NaN;
  const z = Float64Array.from(picks, (_, t) => {
    const { remaining, outside } = readTrace(history, t, CORRECTIVE_WORDS);
    // A silent first pick brings no direction, and has no share.
    return outside > 0 ? remaining / Math.sqrt(outside) : 0;
  });
  for (let count = 1; count <= k; count++) {
    const row = shares.subarray((count - 1) * k, count * k);
    for (let t = count - 1; t >= 0; t--) {
      let sum = z[t] ?? Number.NaN;
      for (let s = t + 1; s < count; s++) sum -= r(t, s) * (row[s] ?? 0);
      row[t] = r(t, t) > 0 ? sum / r(t, t) : 0;
    }
  }
  return shares;
}
