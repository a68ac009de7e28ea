import { exactly, minus, plus, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface SgdUpdateProblem {
  readonly gradient: ArrayLike<number>;
  readonly parameters: ArrayLike<number>;
  /** Absent where there is no momentum. */
  readonly velocity?: ArrayLike<number> | undefined;
  readonly nesterov: boolean;
  /** Whether parameters that are zero stay so. */
  readonly keepZeros?: boolean;
  /** As float32 has them. */
  readonly rate: number;
  readonly momentum: number;
  readonly decay: number;
}

/** A step of torch.optim.SGD in float64, with float32's error bounds. */
export function sgdUpdateReference(problem: SgdUpdateProblem): {
  readonly parameters: Bounded;
  /** Empty without momentum. */
  readonly velocity: Bounded;
} {
  const { gradient, parameters, velocity, nesterov, keepZeros = false } = problem;
  const rate = exactly(problem.rate);
  const momentum = exactly(problem.momentum);
  const decay = exactly(problem.decay);
  const steps = Array.from(parameters, (parameter, e) => {
    const w = exactly(parameter);
    if (keepZeros && parameter === 0) return { w, v: velocity && exactly(0) };
    const g = plus(exactly(gradient[e] ?? Number.NaN), times(decay, w));
    if (!velocity) return { w: minus(w, times(rate, g)), v: undefined };
    const v = plus(times(momentum, exactly(velocity[e] ?? Number.NaN)), g);
    const step = nesterov ? plus(g, times(momentum, v)) : v;
    return { w: minus(w, times(rate, step)), v };
  });
  return {
    parameters: valuesWithBounds(steps.map(({ w }) => w)),
    velocity: valuesWithBounds(steps.flatMap(({ v }) => v ?? [])),
  };
}
