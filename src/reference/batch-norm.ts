import type { MapActivation } from '../../shaders/activations.js';
import { activateApprox } from './activation.js';
import {
  type Approx,
  exactly,
  inverseRoot,
  minus,
  plus,
  times,
  valuesWithBounds,
} from './approx.js';
import type { Bounded } from './bound.js';

/** A channel as float32 has it. */
export interface BatchNormChannel {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
  readonly bias: number;
  readonly epsilon: number;
}

export interface BatchNormProblem {
  readonly channels: readonly BatchNormChannel[];
  /** [rows × C]. */
  readonly input: ArrayLike<number>;
  readonly residual?: ArrayLike<number> | undefined;
  readonly activation: MapActivation;
}

/** 1 / √(variance + ε). */
export function inverseDeviation({ variance, epsilon }: BatchNormChannel): Approx {
  return inverseRoot(plus(exactly(variance), exactly(epsilon)));
}

/** γ (x − mean) / √(variance + ε) + β. */
export function normalised(channel: BatchNormChannel, x: number): Approx {
  const scale = times(exactly(channel.weight), inverseDeviation(channel));
  const centred = minus(exactly(x), exactly(channel.mean));
  return plus(times(centred, scale), exactly(channel.bias));
}

/** σ of it, with what is added [rows × C], in float64 with float32's error bounds. */
export function batchNormReference(problem: BatchNormProblem): Bounded {
  const { channels, input, residual, activation } = problem;
  return valuesWithBounds(
    Array.from(input, (x, at) => {
      const channel = channels[at % channels.length];
      if (!channel) throw new RangeError('A batch norm needs channels.');
      const y = normalised(channel, x);
      const sum = residual ? plus(y, exactly(residual[at] ?? Number.NaN)) : y;
      return activateApprox(activation, sum);
    }),
  );
}
