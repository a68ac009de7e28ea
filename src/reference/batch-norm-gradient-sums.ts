import type { MapActivation, ReadableActivation } from '../../shaders/activations.js';
import { derivativeApprox, slopeApprox } from './activation.js';
import { type Approx, exactly, minus, times, total, valuesWithBounds } from './approx.js';
import { type BatchNormChannel, inverseDeviation, normalised } from './batch-norm.js';
import type { Bounded } from './bound.js';

export interface BatchNormGradientSumsProblem {
  readonly channels: readonly BatchNormChannel[];
  /** [rows × C], as all that follow. */
  readonly input: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
  readonly activation: MapActivation;
  /** Where a residual was added before the activation. */
  readonly output?: ArrayLike<number> | undefined;
}

/** Σ g x̂ and Σ g of all rows [2 × C], and g [rows × C], in float64 with float32's error bounds. */
export function batchNormGradientSumsReference(problem: BatchNormGradientSumsProblem): {
  readonly sums: Bounded;
  readonly residual: Bounded;
} {
  const { channels, input } = problem;
  const rows = input.length / channels.length;
  const places = (c: number) => Array.from({ length: rows }, (_, row) => row * channels.length + c);
  const centred = (at: number, { mean }: BatchNormChannel) =>
    minus(exactly(input[at] ?? Number.NaN), exactly(mean));
  return {
    sums: valuesWithBounds([
      ...channels.map((channel, c) => {
        const products = places(c).map((at) =>
          times(bentGradient(problem, channel, at), centred(at, channel)),
        );
        return times(total(products), inverseDeviation(channel));
      }),
      ...channels.map((channel, c) =>
        total(places(c).map((at) => bentGradient(problem, channel, at))),
      ),
    ]),
    residual: valuesWithBounds(
      Array.from(input, (_, at) =>
        bentGradient(problem, channels[at % channels.length] as BatchNormChannel, at),
      ),
    ),
  };
}

/** g = gradient · σ′ at one place. */
export function bentGradient(
  { input, gradient, activation, output }: BatchNormGradientSumsProblem,
  channel: BatchNormChannel,
  at: number,
): Approx {
  const given = exactly(gradient[at] ?? Number.NaN);
  if (!output) {
    return times(given, slopeApprox(activation, normalised(channel, input[at] ?? Number.NaN)));
  }
  const h = output[at] ?? Number.NaN;
  return times(given, derivativeApprox(activation as ReadableActivation, h));
}
