import { prepareCacheRows } from '../../kernels/cache-rows.js';
import { prepareGatherColumns } from '../../kernels/gather-columns.js';
import { gramSlices, prepareGramRows } from '../../kernels/gram-rows.js';
import { prepareMoments } from './moments.js';
import type { Oracle, OracleContext } from './oracle.js';

/**
 * Gram rows on demand: a pick whose row is not cached takes one pass over the activations, and the
 * rows of the p − 1 best-scoring others come with it. Exact whatever p is; repeated picks and
 * lucky guesses take no pass.
 */
export async function prepareRowsOracle(context: OracleContext): Promise<Oracle> {
  const { device, scope, problem, buffers, block: p } = context;
  const { activations } = problem;
  const { state, cache, capacity } = buffers;
  const stride = activations.buffers[0]?.stride ?? 0;
  const slices = activations.chunks.reduce((sum, { rows }) => sum + gramSlices(device, rows), 0);
  const products = scope.buffer('gram products', slices * p * stride);
  const begin = await prepareMoments(context);
  const perBuffer = await Promise.all(
    activations.buffers.map(async (buffer) => {
      const block = scope.matrix('candidate activations', buffer.rows, p);
      return {
        gather: await prepareGatherColumns(device, buffer, state, block),
        multiply: await prepareGramRows(device, { block, activations: buffer, products, state }),
      };
    }),
  );
  const keep = await prepareCacheRows(device, {
    state,
    products,
    stride,
    slices,
    columns: p,
    cache,
    capacity,
    neurons: activations.columns,
  });
  return {
    begin,
    score: () => undefined,
    take: (batch) => {
      let firstSlice = 0;
      for (const chunk of activations.chunks) {
        activations.load(batch, chunk);
        perBuffer[chunk.buffer]?.gather(batch, { first: 0, m: chunk.rows });
        perBuffer[chunk.buffer]?.multiply(batch, { blockFirst: 0, firstSlice, m: chunk.rows });
        firstSlice += gramSlices(device, chunk.rows);
      }
      keep(batch);
    },
    bringsRows: true,
    // Streamed activations are computed anew in every step, also where the row is cached.
    passes: (picks, counted) => (activations.resident ? counted : picks),
  };
}
