import type { Device } from '../../gpu/device.js';
import type { GreedyOptions } from '../greedy-options.js';
import { measureMixtures } from '../measure.js';
import { requireFinite, type Selection, type SelectionProblem } from '../problem.js';
import { averageShares } from '../rules/average.js';

export interface Ranking {
  /** All neurons, best first. */
  readonly ranking: Uint32Array;
  /** Passes over the activations that it took. */
  readonly passes: number;
}

/**
 * The first k neurons of a ranking as a selection: each counts the same, and the loss of every
 * prefix is measured as for the greedy methods.
 *
 * @throws bad-data when the outputs of a chosen neuron are not finite.
 */
export async function selectByRanking(
  device: Device,
  problem: SelectionProblem,
  { ranking, passes }: Ranking,
  { picks: k, signal }: Pick<GreedyOptions, 'picks' | 'signal'>,
): Promise<Selection> {
  const selected = ranking.slice(0, k);
  const shares = averageShares(selected);
  const loss = await measureMixtures(device, problem, { kept: selected, shares }, signal);
  requireFinite('losses of subnetworks', loss);
  return {
    selected,
    loss,
    kept: selected,
    finalShares: new Float32Array(k).fill(1 / k),
    shares,
    passes,
    stopped: 'count',
  };
}

/**
 * Neurons by descending value, the lowest index first among equals.
 *
 * @throws bad-data when a value is not finite.
 */
export function descending(values: Float64Array): Uint32Array {
  requireFinite('values to rank', values);
  const order = Uint32Array.from({ length: values.length }, (_, neuron) => neuron);
  return order.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
}
