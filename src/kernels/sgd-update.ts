import { SGD_UPDATE_THREADS, sgdUpdateShader } from '../../shaders/sgd-update.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';

export interface SgdUpdate {
  readonly gradient: Matrix;
  readonly parameters: Matrix;
  /** v, zero before the first step; without it there is no momentum. */
  readonly velocity?: Matrix | undefined;
  /** Nesterov's form of momentum; false by default. */
  readonly nesterov?: boolean;
  /** Whether a parameter that is zero stays zero, as a pruned weight does; false by default. */
  readonly keepZeros?: boolean;
}

export interface SgdStep {
  /** η. */
  readonly rate: number;
  /** μ: what is kept of v; 0 by default. */
  readonly momentum?: number;
  /** λ of λ/2 ‖w‖²; 0 by default. */
  readonly decay?: number;
}

/**
 * Prepares g = gradient + decay · w; v ← momentum · v + g; w ← w − rate · v, or with Nesterov's
 * momentum w ← w − rate · (g + momentum · v): torch.optim.SGD without dampening, whose first step,
 * v ← g, is this one from v = 0.
 *
 * Where zeros are kept, a w of zero stays as it is, with v ← 0. So a weight that a step takes to exactly
 * zero is kept there too.
 *
 * All matrices have one layout. What pads their rows takes the step too: where padding and its
 * gradient are zero, as in packed weights, it stays zero. W parameters take 8 W operations; the
 * least that must move is 20 W bytes, or 12 W without momentum.
 *
 * @throws RangeError when the matrices differ in size.
 */
export async function prepareSgdUpdate(
  device: Device,
  { gradient, parameters, velocity, nesterov = false, keepZeros = false }: SgdUpdate,
): Promise<(commands: Commands, step: SgdStep) => void> {
  for (const other of [gradient, velocity]) requireSameLayout(parameters, other);
  const shader = sgdUpdateShader({ momentum: velocity !== undefined, nesterov, keepZeros });
  const kernel = await prepareKernel(device, shader, {
    gradient: gradient.buffer,
    parameters: parameters.buffer,
    ...(velocity && { velocity: velocity.buffer }),
  });
  const vectors = (parameters.rows * parameters.stride) / 4;
  return (commands, { rate, momentum = 0, decay = 0 }) =>
    commands.dispatch(
      kernel,
      { vectors, rate, momentum, decay },
      Math.ceil(vectors / SGD_UPDATE_THREADS),
      8 * parameters.rows * parameters.columns,
    );
}
