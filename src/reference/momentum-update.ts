import { type Bounded, sumBound } from './bound.js';

export interface MomentumUpdateProblem {
  readonly count: number;
  readonly slices: number;
  /** Element e of slice s of the gradient. */
  readonly gradient: (s: number, e: number) => number;
  readonly velocity: ArrayLike<number>;
  readonly parameters: ArrayLike<number>;
  readonly scale: number;
  readonly decay: number;
  readonly rate: number;
}

/** v ← decay · v + scale · Σ gradient, θ ← θ − rate · v in float64, with float32's error bounds. */
export function momentumUpdateReference(problem: MomentumUpdateProblem): {
  readonly velocity: Bounded;
  readonly parameters: Bounded;
} {
  const { count, slices, gradient, scale, decay, rate } = problem;
  const empty = () => ({ value: new Float64Array(count), bound: new Float64Array(count) });
  const [velocity, parameters] = [empty(), empty()];
  for (let e = 0; e < count; e++) {
    let sum = 0;
    let magnitude = 0;
    for (let s = 0; s < slices; s++) {
      sum += gradient(s, e);
      magnitude += Math.abs(gradient(s, e));
    }
    const kept = decay * (problem.velocity[e] ?? Number.NaN);
    const start = problem.parameters[e] ?? Number.NaN;
    const v = kept + scale * sum;
    const terms = Math.abs(kept) + Math.abs(scale) * magnitude;
    velocity.value[e] = v;
    // A sum of slices + 1 products, …
    velocity.bound[e] = sumBound(slices + 1, terms);
    parameters.value[e] = start - rate * v;
    // … each multiplied by the rate and added to one term more.
    parameters.bound[e] = sumBound(slices + 2, Math.abs(start) + Math.abs(rate) * terms, 3);
  }
  return { velocity, parameters };
}
