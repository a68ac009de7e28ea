import { type CORRECTIVE_WORDS, DEPENDENT } from '../../shaders/corrective-update.wgsl.js';
import {
  type Approx,
  exactly,
  inverseRoot,
  minus,
  over,
  times,
  total,
  valuesWithBounds,
  ZERO,
} from './approx.js';
import { pickInner, type RuleUpdateProblem } from './average-update.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

type Name = keyof typeof CORRECTIVE_WORDS;

export interface CorrectiveUpdateProblem extends RuleUpdateProblem<Name> {
  readonly step: number;
  /** The pick's inner products before the update. */
  readonly picked: Readonly<Record<Name, number>>;
  /** ⟨φ_i, e_t⟩ for the directions before this step: element (t, i). */
  readonly basis: Element;
}

/**
 * The neurons along the direction that the pick brings, what it leaves of them, and how much each
 * would lower ‖r‖² next, in float64 with the error bounds of a float32 kernel.
 */
export function correctiveUpdateReference(problem: CorrectiveUpdateProblem): {
  readonly scores: Bounded;
  /** ⟨φ_i, e_step⟩ [N]. */
  readonly along: Bounded;
  /** ⟨φ_i, r⟩ [N]. */
  readonly remaining: Bounded;
  /** ‖φ_i‖² outside the picks' span [N]. */
  readonly outside: Bounded;
} {
  const { n, pick, step, basis, known, picked } = problem;
  const brings = picked.outside > DEPENDENT * picked.energy;
  const pivot = brings ? inverseRoot(exactly(picked.outside)) : ZERO;
  const gain = times(exactly(picked.remaining), pivot);
  const neurons = Array.from({ length: n }, (_, i) => {
    const before = known(i);
    const earlier = Array.from({ length: step }, (_, t) =>
      times(exactly(-basis(t, i)), exactly(basis(t, pick))),
    );
    const along = times(total([pickInner(problem, i), ...earlier]), pivot);
    const remaining = minus(exactly(before.remaining), times(along, gain));
    const outside = minus(exactly(before.outside), times(along, along));
    const threshold = times(exactly(DEPENDENT), exactly(before.energy));
    return { along, remaining, outside, score: correctiveScore(remaining, outside, threshold) };
  });
  return {
    scores: valuesWithBounds(neurons.map(({ score }) => score)),
    along: valuesWithBounds(neurons.map(({ along }) => along)),
    remaining: valuesWithBounds(neurons.map(({ remaining }) => remaining)),
    outside: valuesWithBounds(neurons.map(({ outside }) => outside)),
  };
}

/** −remaining² / outside, or 0 at or under the threshold; near it float32 may take either side. */
function correctiveScore(remaining: Approx, outside: Approx, threshold: Approx): Approx {
  const margin = outside.value - threshold.value;
  const doubt = outside.error + threshold.error;
  if (margin <= -doubt) return ZERO;
  const { value, error } = over(
    times(exactly(-remaining.value), exactly(remaining.value)),
    outside,
  );
  const inherited = over(times(remaining, remaining), outside).error;
  const score = { value, error: Math.max(error, inherited) };
  if (margin > doubt) return score;
  return { value: margin > 0 ? value : 0, error: Math.abs(value) + score.error };
}
