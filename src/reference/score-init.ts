import {
  type Approx,
  exactly,
  inner,
  minus,
  over,
  times,
  total,
  valuesWithBounds,
} from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

export interface ScoreInitProblem {
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly slices: number;
  /** Judges a neuron with its best weight instead of weight 1. */
  readonly fitted: boolean;
  /** Neuron i of row r of slice s: rows 0 … C − 1 are part of Yᵀ H, row C of the squares' sums. */
  readonly products: (s: number, r: number, i: number) => number;
  /** B [N × C]. */
  readonly weights: Element;
}

/** q = ⟨φ_i, y⟩, d = ‖φ_i‖², and d − 2q or −q² / d, in float64 with float32's error bounds. */
export function scoreInitReference(problem: ScoreInitProblem): {
  readonly correlations: Bounded;
  readonly energies: Bounded;
  readonly scores: Bounded;
} {
  const { n, outputs, slices, fitted, products, weights } = problem;
  const neurons = Array.from({ length: n }, (_, i) => {
    const sum = (row: number) =>
      total(Array.from({ length: slices }, (_, s) => exactly(products(s, row, i))));
    const b = (c: number) => weights(i, c);
    const correlation = total(
      Array.from({ length: outputs }, (_, c) => times(exactly(b(c)), sum(c))),
    );
    const energy = times(inner(outputs, b, b), sum(outputs));
    const score = fitted
      ? fittedGain(correlation, energy)
      : minus(energy, times(exactly(2), correlation));
    return { correlation, energy, score };
  });
  return {
    correlations: valuesWithBounds(neurons.map(({ correlation }) => correlation)),
    energies: valuesWithBounds(neurons.map(({ energy }) => energy)),
    scores: valuesWithBounds(neurons.map(({ score }) => score)),
  };
}

/** −q² / d, and 0 for a neuron that is silent on all examples. */
function fittedGain(correlation: Approx, energy: Approx): Approx {
  if (energy.value === 0) return exactly(0);
  const { value, error } = over(times(correlation, correlation), energy);
  return { value: -value, error };
}
