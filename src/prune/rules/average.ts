import { AVERAGE_WORDS, prepareAverageUpdate } from '../../kernels/average-update.js';
import { distinctPicks, type Rule, readTrace } from './rule.js';

/** α_s = c_s / k: every pick counts the same (Ye et al., ICML 2020). */
export const average: Rule = {
  fitted: false,
  stalls: false,
  foreseeable: true,
  prepare: async ({ device, weights, buffers }) => ({
    update: await prepareAverageUpdate(device, { ...buffers, weights }),
    read: async () => undefined,
  }),
  replay: (history) => {
    const { picks, energy } = history;
    // A score is the growth of ‖Σφ‖² − 2k⟨Σφ, y⟩ less what the earlier picks add to it by k alone.
    let square = 0;
    let projection = 0;
    const residual = Float64Array.from(picks, (_, step) => {
      const { score, correlation } = readTrace(history, step, AVERAGE_WORDS);
      const k = step + 1;
      square += score + 2 * k * correlation;
      projection += correlation;
      return square / (k * k) - (2 * projection) / k + energy;
    });
    return {
      residual,
      stalled: picks.length,
      shares: () => averageShares(picks),
    };
  },
};

/** Counts of each distinct neuron among the first 1, 2, … k picks, over that many [k × n]. */
export function averageShares(picks: Uint32Array): Float64Array {
  const { kept, places } = distinctPicks(picks);
  const n = kept.length;
  const shares = new Float64Array(picks.length * n);
  const counts = new Float64Array(n);
  places.forEach((place, step) => {
    counts[place] = (counts[place] ?? 0) + 1;
    shares.set(
      counts.map((count) => count / (step + 1)),
      step * n,
    );
  });
  return shares;
}
