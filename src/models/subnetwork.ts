import type { TwoLayerParameters } from './two-layer.js';

/**
 * The chosen neurons as a network of their own. With shares α that make up the selected average,
 * f(x) = Σ_s α_s b_s σ(a_s · x), the width-n network takes b_s ← b_s · α_s · n, so that the same
 * f = (1/n) Σ convention holds for it and the same code trains it.
 *
 * @param kept indices of the n distinct neurons.
 * @param shares α of each, in the same order.
 */
export function extractSubnetwork(
  parameters: TwoLayerParameters,
  kept: Uint32Array,
  shares: Float32Array,
): TwoLayerParameters {
  const { inputs: d, outputs: c } = parameters;
  const n = kept.length;
  const hidden = new Float32Array(n * d);
  const output = new Float32Array(n * c);
  kept.forEach((neuron, row) => {
    hidden.set(parameters.hidden.subarray(neuron * d, (neuron + 1) * d), row * d);
    const scale = (shares[row] ?? Number.NaN) * n;
    for (let column = 0; column < c; column++) {
      output[row * c + column] = (parameters.output[neuron * c + column] ?? Number.NaN) * scale;
    }
  });
  return { ...parameters, width: n, hidden, output };
}

/**
 * The same subnetwork as output weights of the whole hidden layer [N × C]: b_s ← b_s · α_s · N, and
 * 0 for a neuron that was not chosen. With it the subnetwork is measured without computing its
 * neurons again.
 */
export function outputOfSubnetwork(
  { width, outputs: c, output }: TwoLayerParameters,
  kept: Uint32Array,
  shares: Float32Array,
): Float32Array {
  const masked = new Float32Array(width * c);
  kept.forEach((neuron, place) => {
    const scale = (shares[place] ?? Number.NaN) * width;
    for (let at = neuron * c; at < (neuron + 1) * c; at++) {
      masked[at] = (output[at] ?? Number.NaN) * scale;
    }
  });
  return masked;
}
