import type { LossKind } from '../../shaders/point-loss.js';
import { type Approx, exactly, over, plus, times, total, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';
import { pointLossReference } from './point-loss.js';

export interface CandidateLossProblem {
  /** The examples that count, in any order. */
  readonly rows: readonly number[];
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly loss: LossKind;
  /** H [m × N]. */
  readonly activations: Element;
  /** B [N × C]. */
  readonly weights: Element;
  /** Y [m × C]. */
  readonly targets: Element;
  /** Σ of the picks' outputs [m × C]. */
  readonly totals: Element;
  /** Picks with the candidate. */
  readonly count: number;
}

/** Σ_j loss((u_j + b_i h_ji) / count, y_j) [N] in float64, with the error bound of float32. */
export function candidateLossReference(problem: CandidateLossProblem): Bounded {
  const { rows, n, outputs, loss, activations, weights, targets, totals, count } = problem;
  const share = over(exactly(1), exactly(count));
  const channels = Array.from({ length: outputs }, (_, c) => c);
  const labels = rows.map((j) => channels.map((c) => targets(j, c)));
  const shared = rows.map((j) => channels.map((c) => times(share, exactly(totals(j, c)))));
  return valuesWithBounds(
    Array.from({ length: n }, (_, i) => {
      const b = channels.map((c) => times(share, exactly(weights(i, c))));
      return total(
        rows.map((j, at): Approx => {
          const h = exactly(activations(j, i));
          const candidateOutputs = channels.map((c) =>
            plus(shared[at]?.[c] as Approx, times(h, b[c] as Approx)),
          );
          return pointLossReference(loss, candidateOutputs, labels[at] ?? []);
        }),
      );
    }),
  );
}
