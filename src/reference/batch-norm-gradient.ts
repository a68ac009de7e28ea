import { exactly, minus, over, plus, times, valuesWithBounds } from './approx.js';
import { type BatchNormChannel, inverseDeviation } from './batch-norm.js';
import { type BatchNormGradientSumsProblem, bentGradient } from './batch-norm-gradient-sums.js';
import type { Bounded } from './bound.js';

export interface BatchNormGradientProblem extends BatchNormGradientSumsProblem {
  /** [2 × C] = [Σ g x̂; Σ g], as float32 has it. */
  readonly affineGradient: ArrayLike<number>;
}

/** γ / √(variance + ε) · (g − (Σ g + x̂ Σ g x̂) / n) in float64, with float32's error bounds. */
export function batchNormGradientReference(problem: BatchNormGradientProblem): Bounded {
  const { channels, input, affineGradient } = problem;
  const count = exactly(input.length / channels.length);
  return valuesWithBounds(
    Array.from(input, (x, at) => {
      const c = at % channels.length;
      const channel = channels[c] as BatchNormChannel;
      const inverse = inverseDeviation(channel);
      const share = over(exactly(1), count);
      const sum = (row: number) =>
        times(exactly(affineGradient[row * channels.length + c] ?? Number.NaN), share);
      const tilt = times(times(minus(exactly(x), exactly(channel.mean)), inverse), sum(0));
      const g = bentGradient(problem, channel, at);
      const scale = times(exactly(channel.weight), inverse);
      return times(scale, minus(g, plus(sum(1), tilt)));
    }),
  );
}
