import { prepareScoreInit } from '../../kernels/score-init.js';
import { type CorrelationsContext, prepareCorrelations } from '../correlations.js';
import type { Oracle, OracleContext } from './oracle.js';

/**
 * Prepares one pass over the activations for every neuron's ⟨φ_i, y⟩ and ‖φ_i‖², and the scores
 * before the first pick. `alongside` is encoded for each chunk while it is loaded.
 */
export async function prepareInnerProducts(
  { device, scope, problem, buffers, fitted }: OracleContext,
  alongside?: CorrelationsContext['alongside'],
): Promise<Oracle['begin']> {
  const { activations, weights, targets } = problem;
  const { innerProducts, scores, slots } = buffers;
  const { products, stride, slices, encode } = await prepareCorrelations({
    device,
    scope,
    activations,
    block: targets,
    alongside,
  });
  const initialise = await prepareScoreInit(device, {
    products,
    stride,
    slices,
    weights,
    innerProducts,
    scores,
    slots,
    fitted,
  });
  return async (commands, signal) => {
    await encode(commands, signal);
    initialise(commands);
  };
}
