import { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { type Matrix, readMatrix } from '../../gpu/matrix.js';
import { Scope } from '../../gpu/scope.js';
import { prepareOutputLayer } from '../../kernels/output-layer.js';
import type { SelectionProblem } from '../problem.js';
import { activationProducts, alongWeights } from './activation.js';
import { descending } from './ranking.js';

/**
 * `gradient`: neurons by the first-order change of the loss when a gate on their output closes
 * (Molchanov et al., ICLR 2017). With f = (1/N) Σ g_i φ_i at g = 1 that is |∂L/∂g_i| =
 * |⟨∂L/∂f, φ_i⟩| / N, and ∂L/∂f is f − y, or softmax(f) − y, over m. Two passes.
 */
export async function rankByGradient(
  device: Device,
  problem: SelectionProblem,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  using scope = new Scope(device);
  const { rows: m, columns } = problem.targets;
  const residual = scope.matrix('gate residual', m, columns, await residualOf(device, problem));
  const { products } = await activationProducts(device, problem, residual, signal);
  const n = problem.activations.columns;
  const change = await alongWeights(problem, (i, c, b) => b * (products[c * n + i] ?? 0));
  return descending(change.map(Math.abs));
}

/** ∂L/∂f [m × C] but for the factor 1/m. */
async function residualOf(
  device: Device,
  { activations, weights, targets, loss }: SelectionProblem,
): Promise<Float32Array> {
  using scope = new Scope(device);
  const all = new Float32Array(targets.rows * targets.columns);
  for (const chunk of activations.chunks) {
    const block = scope.matrix('gate residual block', chunk.rows, targets.columns);
    const subtract = await prepareOutputLayer(device, {
      activations: activations.buffers[chunk.buffer] as Matrix,
      weights,
      targets,
      out: block,
      epilogue: loss === 'squared' ? 'subtract-targets' : 'softmax-subtract-targets',
    });
    const commands = new Commands(device);
    activations.load(commands, chunk);
    subtract(commands, { m: chunk.rows, first: chunk.firstRow });
    await commands.finish();
    all.set(await readMatrix(block), chunk.firstRow * targets.columns);
  }
  return all;
}
