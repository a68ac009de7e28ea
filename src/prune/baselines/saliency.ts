import type { Device } from '../../gpu/device.js';
import { Scope } from '../../gpu/scope.js';
import { prepareOutputLayer } from '../../kernels/output-layer.js';
import { readCorrelations, sumOverOutputs } from '../correlations.js';
import type { SelectionProblem } from '../problem.js';
import { descending } from './ranking.js';

/** `activation`: neurons by the norm of their outputs over the examples, ‖φ_i‖ = ‖b_i‖ ‖h_i‖. */
export async function rankByActivation(
  device: Device,
  { activations, weights, targets }: SelectionProblem,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  using scope = new Scope(device);
  const { squares } = await readCorrelations(
    { device, scope, activations, block: targets },
    signal,
  );
  return descending(await sumOverOutputs(weights, (i, _c, b) => b * b * (squares[i] ?? 0)));
}

/**
 * `gradient`: neurons by the first-order change of the loss when a gate on their output closes
 * (Molchanov et al., ICLR 2017). With f = (1/N) Σ g_i φ_i at g = 1 that is |∂L/∂g_i| =
 * |⟨∂L/∂f, φ_i⟩| / N, and ∂L/∂f is f − y, or softmax(f) − y, over m. The residual is computed a
 * chunk at a time, in the same pass that takes its products with the activations.
 */
export async function rankByGradient(
  device: Device,
  { activations, weights, targets, loss }: SelectionProblem,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  using scope = new Scope(device);
  const rows = Math.max(...activations.chunks.map((chunk) => chunk.rows));
  const residual = scope.matrix('gate residual', [rows, targets.columns]);
  const subtract = await Promise.all(
    activations.buffers.map((buffer) =>
      prepareOutputLayer(device, {
        activations: buffer,
        weights,
        targets,
        out: residual,
        epilogue: loss === 'squared' ? 'subtract-targets' : 'softmax-subtract-targets',
      }),
    ),
  );
  const { products } = await readCorrelations(
    {
      device,
      scope,
      activations,
      block: residual,
      fill: (commands, chunk) =>
        subtract[chunk.buffer]?.(commands, { m: chunk.rows, first: chunk.firstRow }),
    },
    signal,
  );
  const n = activations.columns;
  const change = await sumOverOutputs(weights, (i, c, b) => b * (products[c * n + i] ?? 0));
  return descending(change.map(Math.abs));
}
