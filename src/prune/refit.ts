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
  const { weights } = problem;
  const statistics = await neuronStatistics(device, problem, signal);
  if (refit === 'weights') {
    const all = Uint32Array.from({ length: weights.rows }, (_, neuron) => neuron);
    return refitWeights(statistics, all).weights;
  }
  const own = Float64Array.from(await readMatrix(weights));
  const { gram, correlation, energy } = contributions(statistics, own);
  const whole = { channels: 1, gram: total(gram), correlation: total(correlation), energy };
  const { scales } = refitScales(whole, [0]);
  return own.map((weight) => weight * (scales[0] ?? 0));
}

async function neuronStatistics(
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
