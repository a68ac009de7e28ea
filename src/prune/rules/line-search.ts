import {
  LINE_SEARCH_WORDS,
  MIXTURE_WORDS,
  prepareLineSearchUpdate,
} from '../../kernels/line-search-update.js';
import { NEGLIGIBLE } from '../../kernels/pick.js';
import { distinctPicks, type History, type Rule, readTrace } from './rule.js';

/**
 * u ← (1 − γ) u + γ φ_i. Each candidate has its best γ in [0, 1], and the pick is the candidate whose
 * step lowers the loss most (Ye, Wu and Liu, NeurIPS 2020). The loss never rises. When no candidate
 * has γ > 0, the mixture is the best in the neurons' convex hull and the selection has stalled.
 */
export const lineSearch: Rule = {
  fitted: false,
  stalls: true,
  foreseeable: false,
  prepare: async ({ device, scope, weights, buffers }) => {
    const mixture = scope.buffer('mixture', 2 * MIXTURE_WORDS.words);
    return {
      update: await prepareLineSearchUpdate(device, { ...buffers, weights, mixture }),
      read: async () => undefined,
    };
  },
  replay: (history) => {
    const { picks, energy } = history;
    const steps = stepSizes(history);
    let left = energy;
    const residual = Float64Array.from(picks, (_, step) => {
      left += Math.min(0, readTrace(history, step, LINE_SEARCH_WORDS).score);
      return left;
    });
    const stalled = steps.findIndex((gamma, step) => step > 0 && gamma === 0);
    return {
      residual,
      stalled: stalled < 0 ? picks.length : stalled,
      shares: () => mixtureShares(picks, steps),
    };
  },
};

/** γ of each pick, from the same recursion as on the GPU. */
function stepSizes(history: History): Float64Array {
  const mixture = { energy: 0, correlation: 0 };
  return Float64Array.from(history.picks, (_, step) => {
    const { correlation, energy, remaining } = readTrace(history, step, LINE_SEARCH_WORDS);
    const inner = correlation - remaining;
    const e = remaining - mixture.correlation + mixture.energy;
    const f = energy - 2 * inner + mixture.energy;
    const improves =
      e > NEGLIGIBLE * (Math.abs(remaining) + Math.abs(mixture.correlation) + mixture.energy) &&
      f > NEGLIGIBLE * (energy + 2 * Math.abs(inner) + mixture.energy);
    const gamma = step === 0 ? 1 : improves ? Math.min(e / f, 1) : 0;
    const keep = 1 - gamma;
    mixture.energy =
      keep * keep * mixture.energy + 2 * keep * gamma * inner + gamma * gamma * energy;
    mixture.correlation = keep * mixture.correlation + gamma * correlation;
    return gamma;
  });
}

function mixtureShares(picks: Uint32Array, steps: Float64Array): Float64Array {
  const { kept, places } = distinctPicks(picks);
  const n = kept.length;
  const shares = new Float64Array(picks.length * n);
  const alpha = new Float64Array(n);
  places.forEach((place, step) => {
    const gamma = steps[step] ?? 0;
    for (let s = 0; s < n; s++) alpha[s] = (alpha[s] ?? 0) * (1 - gamma);
    alpha[place] = (alpha[place] ?? 0) + gamma;
    shares.set(alpha, step * n);
  });
  return shares;
}
