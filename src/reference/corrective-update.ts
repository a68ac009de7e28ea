import { DEPENDENT } from '../../shaders/corrective-update.wgsl.js';
import {
  type Approx,
  boundedOf,
  exactly,
  inverseRoot,
  minus,
  over,
  times,
  total,
  ZERO,
} from './approx.js';
import { pickInner, type RuleUpdateProblem } from './average-update.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

export interface CorrectiveUpdateProblem extends RuleUpdateProblem {
  readonly step: number;
  /** The pick's moments before the update. */
  readonly picked: readonly [number, number, number, number];
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
  const { n, pick, step, basis, moments } = problem;
  const [, energy, z, w] = problem.picked;
  const pivot = w > DEPENDENT * energy ? inverseRoot(exactly(w)) : ZERO;
  const gain = times(exactly(z), pivot);
  const neurons = Array.from({ length: n }, (_, i) => {
    const known = Array.from({ length: step }, (_, t) =>
      times(exactly(-basis(t, i)), exactly(basis(t, pick))),
    );
    const along = times(total([pickInner(problem, i), ...known]), pivot);
    const remaining = minus(exactly(moments(i, 2)), times(along, gain));
    const outside = minus(exactly(moments(i, 3)), times(along, along));
    const threshold = times(exactly(DEPENDENT), exactly(moments(i, 1)));
    return { along, remaining, outside, score: correctiveScore(remaining, outside, threshold) };
  });
  return {
    scores: boundedOf(neurons.map(({ score }) => score)),
    along: boundedOf(neurons.map(({ along }) => along)),
    remaining: boundedOf(neurons.map(({ remaining }) => remaining)),
    outside: boundedOf(neurons.map(({ outside }) => outside)),
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
