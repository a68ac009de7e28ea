import { NEGLIGIBLE } from '../../shaders/selection-state.js';
import { type Approx, boundedOf, exactly, minus, over, plus, times, ZERO } from './approx.js';
import { pickInner, type RuleUpdateProblem } from './average-update.js';
import type { Bounded } from './bound.js';

export interface LineSearchUpdateProblem extends RuleUpdateProblem {
  readonly step: number;
  /** The pick's moments before the update. */
  readonly picked: readonly [number, number, number, number];
  /** ‖u‖² and ⟨u, y⟩ before the update. */
  readonly totals: readonly [number, number];
}

/**
 * The update of u ← (1 − γ) u + γ φ_pick, and the change of ‖u − y‖² that each neuron's best step
 * would bring next, in float64 with the error bounds of a float32 kernel.
 */
export function lineSearchUpdateReference(problem: LineSearchUpdateProblem): {
  readonly scores: Bounded;
  /** ⟨φ_i, y − u⟩ [N]. */
  readonly remaining: Bounded;
  /** ‖u‖² and ⟨u, y⟩. */
  readonly totals: Bounded;
} {
  const { n, step, moments } = problem;
  const [q, d, z] = problem.picked.map(exactly) as [Approx, Approx, Approx];
  const [square, correlation] = problem.totals.map(exactly) as [Approx, Approx];
  const along = minus(q, z);
  const gamma =
    step === 0
      ? exactly(1)
      : bestStep(
          plus(minus(z, correlation), square),
          plus(minus(d, times(exactly(2), along)), square),
          [
            Math.abs(z.value) + Math.abs(correlation.value) + square.value,
            d.value + 2 * Math.abs(along.value) + square.value,
          ],
        );
  const keep = minus(exactly(1), gamma);
  const newSquare = plus(
    plus(times(times(keep, keep), square), times(times(times(exactly(2), keep), gamma), along)),
    times(times(gamma, gamma), d),
  );
  const newCorrelation = plus(times(keep, correlation), times(gamma, q));

  const remaining: Approx[] = [];
  const scores = Array.from({ length: n }, (_, i) => {
    const [own, energy] = [exactly(moments(i, 0)), exactly(moments(i, 1))];
    const left = plus(
      times(keep, exactly(moments(i, 2))),
      times(gamma, minus(own, pickInner(problem, i))),
    );
    remaining.push(left);
    const e = plus(minus(left, newCorrelation), newSquare);
    const f = plus(minus(energy, times(exactly(2), minus(own, left))), newSquare);
    const best = bestStep(e, f, [
      Math.abs(left.value) + Math.abs(newCorrelation.value) + newSquare.value,
      energy.value + 2 * Math.abs(own.value - left.value) + newSquare.value,
    ]);
    return times(best, minus(times(best, f), times(exactly(2), e)));
  });
  return {
    scores: boundedOf(scores),
    remaining: boundedOf(remaining),
    totals: boundedOf([newSquare, newCorrelation]),
  };
}

/**
 * e / f within [0, 1], and 0 unless both stand out from the sums of their terms; near that limit
 * float32 may take either side.
 */
function bestStep(e: Approx, f: Approx, [ofE, ofF]: readonly [number, number]): Approx {
  const clamped = (x: number) => Math.min(Math.max(x, 0), 1);
  // The limits are tiny beside the errors of e and f, so that twice those cover their own.
  const [eLimit, fLimit] = [NEGLIGIBLE * ofE, NEGLIGIBLE * ofF];
  if (e.value + 2 * e.error <= eLimit || f.value + 2 * f.error <= fLimit) return ZERO;
  const value = e.value > eLimit && f.value > fLimit ? clamped(e.value / f.value) : 0;
  const { value: ratio, error } = over(e, f);
  const unsure = e.value - 2 * e.error <= eLimit || f.value - 2 * f.error <= fLimit;
  const lowest = unsure ? 0 : clamped(ratio - error);
  const highest = f.value <= f.error ? 1 : clamped(ratio + error);
  return { value, error: Math.max(value - lowest, highest - value) };
}
