import { type Bounded, sumBound } from './bound.js';
import type { Element } from './element.js';

export interface SelectionScoresProblem {
  readonly m: number;
  readonly n: number;
  /** C. */
  readonly outputs: number;
  /** H [m × N]. */
  readonly activations: Element;
  /** B [N × C]. */
  readonly weights: Element;
  /** Y [m × C]. */
  readonly targets: Element;
  readonly picks: readonly number[];
}

/**
 * score_i = ‖φ_i‖² − 2⟨φ_i, y⟩ + Σ_s 2 (⟨φ_s, φ_i⟩ − ⟨φ_i, y⟩) from the outputs
 * φ_i(x_j) = b_i σ(a_i · x_j) themselves, with the error bound of all float32 kernels together:
 * before the first pick, and after each.
 */
export function selectionScoresReference(problem: SelectionScoresProblem): readonly Bounded[] {
  const { m, n, outputs, activations, weights, targets, picks } = problem;
  const terms = m * outputs;
  const overTerms = (element: (j: number, c: number) => number) =>
    Float64Array.from({ length: terms }, (_, t) => element(Math.floor(t / outputs), t % outputs));
  const y = overTerms(targets);
  const phi = Array.from({ length: n }, (_, i) =>
    overTerms((j, c) => weights(i, c) * activations(j, i)),
  );
  const inner = (a: Float64Array, b: Float64Array) =>
    dot(terms, (t) => (a[t] ?? Number.NaN) * (b[t] ?? Number.NaN));
  const target = phi.map((own) => inner(own, y));
  const add = (scores: readonly Dot[], factor: number, other: (i: number) => Dot) =>
    scores.map(({ sum, magnitude }, i) => {
      const [gain, fit] = [other(i), target[i] ?? NOTHING];
      return {
        sum: sum + factor * gain.sum - 2 * fit.sum,
        magnitude: magnitude + factor * gain.magnitude + 2 * fit.magnitude,
      };
    });
  const steps = [add(Array(n).fill(NOTHING), 1, (i) => inner(phi[i] ?? y, phi[i] ?? y))];
  for (const s of picks) {
    steps.push(add(steps[steps.length - 1] ?? [], 2, (i) => inner(phi[i] ?? y, phi[s] ?? y)));
  }
  // H_i · H_s rounds a product m times and B_i · B_s C times; then come product and difference, and
  // one sum for each pick.
  return steps.map((scores, k) => ({
    value: Float64Array.from(scores, ({ sum }) => sum),
    bound: Float64Array.from(scores, ({ magnitude }) => sumBound(m + outputs + k, magnitude)),
  }));
}

interface Dot {
  readonly sum: number;
  /** The sum of the terms' magnitudes. */
  readonly magnitude: number;
}

const NOTHING: Dot = { sum: 0, magnitude: 0 };

function dot(count: number, term: (index: number) => number): Dot {
  let sum = 0;
  let magnitude = 0;
  for (let index = 0; index < count; index++) {
    const value = term(index);
    sum += value;
    magnitude += Math.abs(value);
  }
  return { sum, magnitude };
}
