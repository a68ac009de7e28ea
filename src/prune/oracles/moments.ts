import type { Batch } from '../../gpu/batch.js';
import { gramSlices, prepareGramRows } from '../../kernels/gram-rows.js';
import { prepareScoreInit } from '../../kernels/score-init.js';
import type { Oracle, OracleContext } from './oracle.js';

/**
 * Prepares one pass over the activations for every neuron's ⟨φ_i, y⟩ and ‖φ_i‖², and the scores
 * before the first pick. `alongside` is encoded for each chunk while it is loaded.
 */
export async function prepareMoments(
  { device, scope, problem, buffers, fitted }: OracleContext,
  alongside: (batch: Batch, chunk: { buffer: number; rows: number }) => void = () => undefined,
): Promise<Oracle['begin']> {
  const { activations, weights, targets } = problem;
  const { moments, scores, slots } = buffers;
  const stride = activations.buffers[0]?.stride ?? 0;
  const slices = activations.chunks.reduce((sum, { rows }) => sum + gramSlices(device, rows), 0);
  const products = scope.buffer('moment products', slices * (weights.columns + 1) * stride);
  const correlate = await Promise.all(
    activations.buffers.map((buffer) =>
      prepareGramRows(device, { block: targets, activations: buffer, products, squares: true }),
    ),
  );
  const initialise = await prepareScoreInit(device, {
    products,
    stride,
    slices,
    weights,
    moments,
    scores,
    slots,
    fitted,
  });
  return async (batch, signal) => {
    let firstSlice = 0;
    for (const chunk of activations.chunks) {
      activations.load(batch, chunk);
      correlate[chunk.buffer]?.(batch, { blockFirst: chunk.firstRow, firstSlice, m: chunk.rows });
      alongside(batch, chunk);
      firstSlice += gramSlices(device, chunk.rows);
      await batch.breathe(signal);
    }
    initialise(batch);
  };
}
