import { type Approx, exactly, inner, minus, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

/** A pick, and what its Gram row takes. */
export interface PickedRow {
  /** C. */
  readonly outputs: number;
  readonly pick: number;
  /** B [N × C]. */
  readonly weights: Element;
  /** H_i · H_pick [N]. */
  readonly row: (i: number) => number;
}

/** What every rule's update starts from. */
export interface RuleUpdateProblem<Name extends string> extends PickedRow {
  readonly n: number;
  /** The inner products of neuron i before the update, by the rule's names. */
  readonly known: (i: number) => Readonly<Record<Name, number>>;
}

/** ⟨φ_i, φ_pick⟩ = (B_i · B_pick)(H_i · H_pick). */
export function pickInner({ outputs, pick, weights, row }: PickedRow, i: number): Approx {
  const alignment = inner(
    outputs,
    (c) => weights(i, c),
    (c) => weights(pick, c),
  );
  return times(alignment, exactly(row(i)));
}

/** score_i + 2 (⟨φ_i, φ_pick⟩ − ⟨φ_i, y⟩) in float64, with the error bound of a float32 kernel. */
export function averageUpdateReference(
  problem: RuleUpdateProblem<'correlation'> & { readonly scores: ArrayLike<number> },
): Bounded {
  const { n, known, scores } = problem;
  return valuesWithBounds(
    Array.from({ length: n }, (_, i) => {
      const change = minus(pickInner(problem, i), exactly(known(i).correlation));
      return plus(exactly(scores[i] ?? Number.NaN), times(exactly(2), change));
    }),
  );
}
