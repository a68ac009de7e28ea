import type { MapActivation, ReadableActivation } from '../../shaders/activations.js';
import { derivativeApprox, slopeApprox } from './activation.js';
import { exactly, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface ActivateGradientProblem {
  readonly gradient: ArrayLike<number>;
  /** The argument x of σ, or its value h; neither for `none`. */
  readonly bend:
    | { readonly activation: 'none' }
    | { readonly activation: MapActivation; readonly x: ArrayLike<number> }
    | { readonly activation: ReadableActivation; readonly h: ArrayLike<number> };
  /** What the gradient is added to. */
  readonly before?: ArrayLike<number> | undefined;
}

/** [before +] gradient · σ′ in float64, with float32's error bounds. */
export function activateGradientReference(problem: ActivateGradientProblem): Bounded {
  const { gradient, bend, before } = problem;
  const slopeAt = (at: number) => {
    if ('x' in bend) return slopeApprox(bend.activation, exactly(bend.x[at] ?? Number.NaN));
    if ('h' in bend) return derivativeApprox(bend.activation, bend.h[at] ?? Number.NaN);
    return exactly(1);
  };
  return valuesWithBounds(
    Array.from(gradient, (g, at) => {
      const bent = times(exactly(g), slopeAt(at));
      return before ? plus(exactly(before[at] ?? Number.NaN), bent) : bent;
    }),
  );
}
