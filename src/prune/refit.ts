import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { contributions } from './channels/contributions.js';
import { refitWeights } from './channels/refit.js';
import { refitScales } from './channels/scales.js';
import type { ChannelStatistics } from './channels/statistics.js';
import type { RefitName } from './choices.js';
import { hiddenGram } from './gram-matrix.js';
import type { SelectionProblem } from './problem.js';

/**
 * Fits the outputs of all neurons to the targets by least squares, f(x) = Σ_i w_i σ(a_i · x): the
 * refit of convolutional units with a neuron for a channel.
 *
 * - `weights`: all of W, (HᵀH + λI)⁻¹ HᵀY with λ = 1e-6 of the mean diagonal;
 * - `scale`: W = γ B, with the one γ that suits all, ⟨HB, Y⟩ / ⟨HB, HB⟩.
 *
 * @returns W [n × C]. Takes n³ / 6 multiply-adds in float64 beside one pass over the activations.
 * @throws aborted between submits when the signal fires.
 */
export async function refitOutputs(
  device: Device,
  problem: Pick<SelectionProblem, 'activations' | 'targets' | 'weights'>,
  refit: Exclude<RefitName, 'none'>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const statistics = await neuronStatistics(device, problem, signal);
  return refitByStatistics(statistics, await readMatrix(problem.weights), refit);
}

/** The refit of `refitOutputs` from its sums alone. @param own B [n × C], which `scale` scales. */
export function refitByStatistics(
  statistics: ChannelStatistics,
  own: ArrayLike<number>,
  refit: Exclude<RefitName, 'none'>,
): Float64Array {
  if (refit === 'weights') {
    const all = Uint32Array.from({ length: statistics.channels }, (_, neuron) => neuron);
    return refitWeights(statistics, all).weights;
  }
  const given = Float64Array.from(own);
  const { gram, correlation, energy } = contributions(statistics, given);
  const whole = { channels: 1, gram: total(gram), correlation: total(correlation), energy };
  const { scales } = refitScales(whole, [0]);
  return given.map((weight) => weight * (scales[0] ?? 0));
}

/** The sums of the first neurons alone. */
export function firstNeurons(statistics: ChannelStatistics, count: number): ChannelStatistics {
  const { channels, outputs, gram, correlation } = statistics;
  const leading = new Float64Array(count * count);
  for (let row = 0; row < count; row++) {
    leading.set(gram.subarray(row * channels, row * channels + count), row * count);
  }
  return {
    ...statistics,
    channels: count,
    gram: leading,
    correlation: correlation.subarray(0, count * outputs),
  };
}

/** The sums that a refit goes by: HᵀH, HᵀY and ‖Y‖², a neuron for a channel. */
export async function neuronStatistics(
  device: Device,
  { activations, targets }: Pick<SelectionProblem, 'activations' | 'targets'>,
  signal?: AbortSignal,
): Promise<ChannelStatistics> {
  const [n, outputs] = [activations.columns, targets.columns];
  const { gram, products } = await hiddenGram(device, { activations, targets }, signal);
  const y = await readMatrix(targets);
  return {
    channels: n,
    taps: 1,
    outputs,
    positions: activations.rows,
    gram,
    correlation: Float64Array.from(
      { length: n * outputs },
      (_, at) => products[(at % outputs) * n + Math.floor(at / outputs)] as number,
    ),
    energy: y.reduce((sum, value) => sum + value * value, 0),
  };
}

function total(values: Float64Array): Float64Array {
  return Float64Array.of(values.reduce((sum, value) => sum + value, 0));
}
