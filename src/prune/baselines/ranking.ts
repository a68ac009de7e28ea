import type { Device } from '../../gpu/device.js';
import { measureMixtures } from '../measure.js';
import type { Selection, SelectionProblem } from '../problem.js';
import { averageShares } from '../rules/average.js';

/**
 * The first k neurons of a ranking as a selection: each counts the same, and the loss of every
 * prefix is measured as for the greedy methods.
 */
export async function selectByRanking(
  device: Device,
  problem: SelectionProblem,
  ranking: Uint32Array,
  k: number,
  passes: number,
  signal?: AbortSignal,
): Promise<Selection> {
  const selected = ranking.slice(0, k);
  const shares = averageShares(selected);
  const loss = await measureMixtures(device, problem, selected, shares, signal);
  return {
    selected,
    loss,
    neurons: selected,
    weight: new Float32Array(k).fill(1 / k),
    shares,
    passes,
    stopped: 'count',
  };
}

/** Neurons by descending value, the lowest index first among equals. */
export function descending(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, neuron) => neuron);
  return order.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
}
