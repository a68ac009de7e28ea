import { upload } from '../../gpu/buffer.js';
import { prepareGram } from '../gram-matrix.js';
import { prepareInnerProducts } from './inner-products.js';
import type { Oracle, OracleContext } from './oracle.js';

/**
 * The whole Gram matrix HᵀH before the first pick, summed over the chunks of examples. One pass
 * serves every pick, so the activations need not stay on the GPU. The cache of rows is the matrix
 * itself: its capacity must be N.
 */
export async function prepareGramOracle(context: OracleContext): Promise<Oracle> {
  const { device, problem, buffers } = context;
  const { activations } = problem;
  const n = activations.columns;
  const gram = { buffer: buffers.cache, rows: n, columns: n, stride: n, storage: 'f32' } as const;
  const begin = await prepareInnerProducts(context, await prepareGram(device, activations, gram));
  return {
    begin: async (commands, signal) => {
      await begin(commands, signal);
      commands.submit();
      // Every row is cached from the start, each in the slot of its own number.
      upload(
        buffers.slots,
        Uint32Array.from({ length: n }, (_, neuron) => neuron),
      );
    },
    score: () => undefined,
    take: () => undefined,
    bringsRows: true,
    passes: () => 1,
  };
}
