import type { Device } from '../../gpu/device.js';
import type { SelectionProblem } from '../problem.js';
import { activationMoments, alongWeights } from './moments.js';
import { descending } from './ranking.js';

/** `activation`: neurons by the norm of their outputs over the examples, ‖φ_i‖ = ‖b_i‖ ‖h_i‖. */
export async function rankByActivation(
  device: Device,
  problem: SelectionProblem,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const { squares } = await activationMoments(device, problem, problem.targets, signal);
  return descending(await alongWeights(problem, (i, _c, b) => b * b * (squares[i] ?? 0)));
}
