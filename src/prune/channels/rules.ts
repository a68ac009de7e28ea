import type { Device } from '../../gpu/device.js';
import { Scope } from '../../gpu/scope.js';
import { residentActivations } from '../activations.js';
import type { RuleName } from '../choices.js';
import { selectGreedily } from '../greedy.js';
import { factor } from './cholesky.js';
import type { Contributions } from './contributions.js';

/** Channels in the order of selection, and the factor of each for every number of them. */
export interface RuleOrder {
  /** All C channels; those that the selection came to no more by their index. */
  readonly order: Uint32Array;
  /** By what the contributions of the first `count` channels are multiplied, in their order. */
  readonly factors: (count: number) => Float64Array;
}

/**
 * Selects channels by a rule of the two-layer selection, with the same code: channel i stands for a
 * neuron that puts out φ_i = C · Z_i, the consumer's answer for the target, each channel once.
 *
 * Selection looks at inner products alone. So C + 1 examples stand for all positions: with
 * L Lᵀ = [K z; zᵀ q] of the contributions and the target, row i of L is what channel i puts out, and
 * the last row what it should be.
 */
export async function selectByRule(
  device: Device,
  contributions: Contributions,
  rule: RuleName,
  signal?: AbortSignal,
): Promise<RuleOrder> {
  const { channels } = contributions;
  const examples = channels + 1;
  const factored = jointFactor(contributions);
  const outputs = new Float32Array(examples * channels);
  const targets = new Float32Array(examples);
  for (let example = 0; example < examples; example++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = channels * (factored[example * examples + channel] as number);
      outputs[example * channels + channel] = value;
    }
    targets[example] = factored[example * examples + channels] as number;
  }
  using scope = new Scope(device);
  const matrix = scope.matrix('channels', [examples, channels], { data: outputs });
  const { rows, columns, storage } = matrix;
  const activations = { rows, columns, storage, chunks: [{ ...matrix, firstRow: 0 }] };
  const selection = selectGreedily(
    device,
    {
      activations: residentActivations(activations),
      weights: scope.matrix('one each', [channels, 1], {
        data: new Float32Array(channels).fill(1),
      }),
      targets: scope.matrix('targets', [examples, 1], { data: targets }),
      loss: 'squared',
    },
    { picks: channels, replacement: false, rule, signal },
  );
  let next = await selection.next();
  while (!next.done) next = await selection.next();
  const { kept, shares } = next.value;
  const picked = new Set(kept);
  const rest = Array.from({ length: channels }, (_, channel) => channel).filter(
    (channel) => !picked.has(channel),
  );
  const made = kept.length;
  return {
    order: Uint32Array.from([...kept, ...rest]),
    factors: (count) =>
      Float64Array.from({ length: count }, (_, at) => {
        const row = Math.min(count, shares.length / made) - 1;
        return at < made ? channels * (shares[row * made + at] as number) : 0;
      }),
  };
}

/** Lᵀ [C + 1 × C + 1], each inner product by the target's own. */
function jointFactor({ channels, gram, correlation, energy }: Contributions): Float64Array {
  const size = channels + 1;
  const joint = new Float64Array(size * size);
  const unit = energy > 0 ? energy : 1;
  for (let i = 0; i < channels; i++) {
    for (let j = i; j < channels; j++)
      joint[i * size + j] = (gram[i * channels + j] as number) / unit;
    joint[i * size + channels] = (correlation[i] as number) / unit;
  }
  joint[size * size - 1] = energy / unit;
  factor(joint, size);
  return joint;
}
