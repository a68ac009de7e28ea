import { exactly, inner, plus, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface GateGradientProblem {
  readonly images: number;
  readonly positions: number;
  readonly channels: number;
  /** [images · positions × channels], both. */
  readonly input: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
  /** [images × channels] that the sums are added to. */
  readonly before?: ArrayLike<number> | undefined;
}

/** [before +] Σ_positions gradient · input [images × channels] in float64, with float32's bounds. */
export function gateGradientReference(problem: GateGradientProblem): Bounded {
  const { images, positions, channels, input, gradient, before } = problem;
  return valuesWithBounds(
    Array.from({ length: images * channels }, (_, gate) => {
      const [image, c] = [Math.floor(gate / channels), gate % channels];
      const at = (position: number) => (image * positions + position) * channels + c;
      const sum = inner(
        positions,
        (position) => input[at(position)] ?? Number.NaN,
        (position) => gradient[at(position)] ?? Number.NaN,
      );
      return before ? plus(exactly(before[gate] ?? Number.NaN), sum) : sum;
    }),
  );
}
