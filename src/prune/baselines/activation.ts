import { readFloats } from '../../gpu/buffer.js';
import { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { type Matrix, readMatrix } from '../../gpu/matrix.js';
import { Scope } from '../../gpu/scope.js';
import { prepareCorrelations } from '../correlations.js';
import type { SelectionProblem } from '../problem.js';
import { descending } from './ranking.js';

/** One pass over the activations: for every neuron its squares' sum, and its products with `block`. */
export interface ActivationProducts {
  /** Σ_j h_ji² [N] */
  readonly squares: Float64Array;
  /** Σ_j h_ji block_jc [C × N] */
  readonly products: Float64Array;
}

/** @param block [m × C], such as the targets or a network's residual. */
export async function activationProducts(
  device: Device,
  { activations }: SelectionProblem,
  block: Matrix,
  signal?: AbortSignal,
): Promise<ActivationProducts> {
  const n = activations.columns;
  const rows = block.columns + 1;
  using scope = new Scope(device);
  const correlations = await prepareCorrelations({ device, scope, activations, block });
  const { products, stride, slices } = correlations;
  const commands = new Commands(device);
  await correlations.encode(commands, signal);
  await commands.finish();
  const parts = await readFloats(products);
  const sums = new Float64Array(rows * n);
  for (let row = 0; row < slices * rows; row++) {
    for (let i = 0; i < n; i++) {
      const to = (row % rows) * n + i;
      sums[to] = (sums[to] ?? 0) + (parts[row * stride + i] ?? 0);
    }
  }
  return { products: sums.subarray(0, (rows - 1) * n), squares: sums.subarray((rows - 1) * n) };
}

/** Σ_c b_ic v_ci for every neuron. */
export async function alongWeights(
  { weights }: SelectionProblem,
  value: (neuron: number, output: number, b: number) => number,
): Promise<Float64Array> {
  const b = await readMatrix(weights);
  const { rows: n, columns } = weights;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += value(i, c, b[i * columns + c] ?? Number.NaN);
    return sum;
  });
}

/** `activation`: neurons by the norm of their outputs over the examples, ‖φ_i‖ = ‖b_i‖ ‖h_i‖. */
export async function rankByActivation(
  device: Device,
  problem: SelectionProblem,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const { squares } = await activationProducts(device, problem, problem.targets, signal);
  return descending(await alongWeights(problem, (i, _c, b) => b * b * (squares[i] ?? 0)));
}
