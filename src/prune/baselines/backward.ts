import type { OutputGram } from '../gram-matrix.js';
import { notFinite } from '../problem.js';

/**
 * `backward`: exact greedy elimination. It starts with the average of all neurons. Again and again
 * it takes out the neuron whose removal leaves the smallest loss, the lowest index among equals.
 * The last to stay is the first of the ranking. With ψ = φ − y and T_i = Σ_{s∈S} ⟨ψ_s, ψ_i⟩,
 * removing i leaves (‖Σψ‖² − 2 T_i + ⟨ψ_i, ψ_i⟩) / (|S| − 1)². Given the Gram matrix, a removal
 * costs O(N).
 */
export function rankByElimination({ gram, correlations }: OutputGram): Uint32Array {
  const n = correlations.length;
  const inner = (i: number, j: number) => gram[i * n + j] ?? Number.NaN;
  const q = (i: number) => correlations[i] ?? Number.NaN;
  // ‖y‖² is common to all candidates of a step and left out: it does not move the argmin.
  const sums = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let s = 0; s < n; s++) sum += inner(s, i) - q(s) - q(i);
    return sum;
  });
  const alive = new Set(Array.from({ length: n }, (_, i) => i));
  const ranking = new Uint32Array(n);
  for (let left = n; left > 0; left--) {
    let worst = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const i of alive) {
      const change = inner(i, i) - 2 * q(i) - 2 * (sums[i] ?? 0);
      if (change < least) {
        least = change;
        worst = i;
      }
    }
    if (worst < 0) {
      throw notFinite('outputs of neurons that are');
    }
    alive.delete(worst);
    ranking[left - 1] = worst;
    for (const i of alive) {
      sums[i] = (sums[i] ?? 0) - (inner(worst, i) - q(worst) - q(i));
    }
  }
  return ranking;
}
