import type { MapActivation } from '../../shaders/activations.js';
import { activateApprox } from './activation.js';
import { exactly, plus, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface ActivateProblem {
  readonly input: ArrayLike<number>;
  readonly addend?: ArrayLike<number> | undefined;
  readonly activation: MapActivation;
}

/** σ(input [+ addend]) in float64, with float32's error bounds. */
export function activateReference({ input, addend, activation }: ActivateProblem): Bounded {
  return valuesWithBounds(
    Array.from(input, (x, at) => {
      const sum = addend ? plus(exactly(x), exactly(addend[at] ?? Number.NaN)) : exactly(x);
      return activateApprox(activation, sum);
    }),
  );
}
