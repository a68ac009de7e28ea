import type { MapActivation } from '../../shaders/activations.js';
import { activateApprox } from './activation.js';
import { exactly, minus, plus, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface ActivateProblem {
  readonly input: ArrayLike<number>;
  readonly addend?: ArrayLike<number> | undefined;
  readonly subtrahend?: ArrayLike<number> | undefined;
  readonly activation: MapActivation;
}

/** σ(input [+ addend] [− subtrahend]) in float64, with float32's error bounds. */
export function activateReference(problem: ActivateProblem): Bounded {
  const { input, addend, subtrahend, activation } = problem;
  return valuesWithBounds(
    Array.from(input, (x, at) => {
      let sum = exactly(x);
      if (addend) sum = plus(sum, exactly(addend[at] ?? Number.NaN));
      if (subtrahend) sum = minus(sum, exactly(subtrahend[at] ?? Number.NaN));
      return activateApprox(activation, sum);
    }),
  );
}
