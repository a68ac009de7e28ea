import type { Commands } from '../../gpu/commands.js';
import { prepareCacheRows } from '../../kernels/cache-rows.js';
import { chunkSlices, sliceCount } from '../../kernels/example-slices.js';
import { prepareGatherColumns } from '../../kernels/gather-columns.js';
import { prepareGramRows } from '../../kernels/gram-rows.js';
import { prepareLookahead } from '../../kernels/lookahead.js';
import { prepareMatmul } from '../../kernels/matmul.js';
import { SELECTION_STATE } from '../../kernels/pick.js';
import { SKETCH_ROWS } from '../plan.js';
import { prepareInnerProducts } from './inner-products.js';
import type { Oracle, OracleContext } from './oracle.js';

/**
 * Gram rows on demand. A pick whose row is not cached takes one pass over the activations. The pass
 * also brings the rows of p − 1 others: the best-scoring ones, or those that a lookahead asks for.
 * A pick whose row is cached takes no pass. The picks are exact whatever p is.
 */
export async function prepareRowsOracle(context: OracleContext): Promise<Oracle> {
  const { device, scope, problem, buffers, block: p } = context;
  const { activations } = problem;
  const { state, cache, capacity } = buffers;
  const stride = activations.buffers[0]?.stride ?? 0;
  const slices = chunkSlices(device, activations.chunks, activations.columns);
  const products = scope.buffer('gram products', slices * p * stride);
  const measure = await prepareInnerProducts(context);
  const lookahead = context.lookahead ? await prepareForesight(context) : undefined;
  const perBuffer = await Promise.all(
    activations.buffers.map(async (buffer) => {
      const block = scope.matrix('candidate activations', [buffer.rows, p]);
      return {
        gather: await prepareGatherColumns(device, {
          activations: buffer,
          indices: state,
          list: SELECTION_STATE.pending,
          block,
        }),
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
    width: activations.columns,
  });
  return {
    begin: async (commands, signal) => {
      await measure(commands, signal);
      lookahead?.begin(commands);
    },
    score: () => undefined,
    take: (commands) => {
      lookahead?.choose(commands);
      let firstSlice = 0;
      for (const chunk of activations.chunks) {
        activations.load(commands, chunk);
        perBuffer[chunk.buffer]?.gather(commands, { first: 0, m: chunk.rows });
        perBuffer[chunk.buffer]?.multiply(commands, { blockFirst: 0, firstSlice, m: chunk.rows });
        firstSlice += sliceCount(device, { m: chunk.rows, width: activations.columns });
      }
      keep(commands);
    },
    bringsRows: true,
    // Streamed activations are computed anew in every step, also where the row is cached.
    passes: (picks, counted) => (activations.resident ? counted : picks),
  };
}

/**
 * Estimates of the Gram matrix from examples evenly spread over the first chunk, and the lookahead
 * that works with them.
 */
async function prepareForesight({ device, scope, problem, buffers, ...context }: OracleContext) {
  const { activations, weights } = problem;
  const [source] = activations.buffers;
  if (!source) throw new RangeError('A selection without activations.');
  const n = activations.columns;
  const rows = Math.min(SKETCH_ROWS, source.rows);
  const every = Math.floor(source.rows / rows);
  const sample = { ...source, rows, stride: source.stride * every };
  const sketch = scope.buffer('gram sketch', n * n + n);
  const estimate = await prepareMatmul(device, {
    a: sample,
    b: sample,
    out: { buffer: sketch, rows: n, columns: n, stride: n, storage: 'f32' },
    transposeA: true,
    symmetric: true,
  });
  const { block, replacement } = context;
  const choose = await prepareLookahead(device, {
    ...buffers,
    weights,
    sketch,
    block,
    replacement,
  });
  return {
    begin: (commands: Commands) => estimate(commands, { alpha: activations.rows / rows }),
    choose,
  };
}
