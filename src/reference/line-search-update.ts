import type { LINE_SEARCH_WORDS } from '../../shaders/line-search-update.wgsl.js';
import { NEGLIGIBLE } from '../../shaders/selection-state.js';
import {
  type Approx,
  exactly,
  minus,
  over,
  plus,
  times,
  valuesWithBounds,
  ZERO,
} from './approx.js';
import { pickInner, type RuleUpdateProblem } from './average-update.js';
import type { Bounded } from './bound.js';

type Name = keyof typeof LINE_SEARCH_WORDS;

export interface LineSearchUpdateProblem extends RuleUpdateProblem<Name> {
  readonly step: number;
  /** The pick's inner products before the update. */
  readonly picked: Readonly<Record<Name, number>>;
  /** ‖u‖² and ⟨u, y⟩ before the update. */
  readonly mixture: { readonly energy: number; readonly correlation: number };
}

/**
 * The update of u ← (1 − γ) u + γ φ_pick, and the change of ‖u − y‖² that each neuron's best step
 * would bring next, in float64 with the error bounds of a float32 kernel.
 */
export function lineSearchUpdateReference(problem: LineSearchUpdateProblem): {
  readonly scores: Bounded;
  /** ⟨φ_i, y − u⟩ [N]. */
  readonly remaining: Bounded;
  /** ‖u‖² and ⟨u, y⟩, in this order. */
  readonly mixture: Bounded;
} {
  const { n, step, known, picked, mixture } = problem;
  const [q, d, z] = [
    exactly(picked.correlation),
    exactly(picked.energy),
    exactly(picked.remaining),
  ];
  const [square, correlation] = [exactly(mixture.energy), exactly(mixture.correlation)];
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
    const before = known(i);
    const [own, energy] = [exactly(before.correlation), exactly(before.energy)];
    const left = plus(
      times(keep, exactly(before.remaining)),
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
    scores: valuesWithBounds(scores),
    remaining: valuesWithBounds(remaining),
    mixture: valuesWithBounds([newSquare, newCorrelation]),
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
