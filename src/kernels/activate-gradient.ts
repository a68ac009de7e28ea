import { activateGradientShader } from '../../shaders/activate-gradient.wgsl.js';
import type { MapActivation } from '../../shaders/activations.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { requireSameLayout } from '../gpu/matrix.js';
import { chooseBend } from './bend.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface ActivateGradient {
  /** ∂L / ∂ output. */
  readonly gradient: FeatureMap;
  readonly activation?: MapActivation;
  /** σ's argument, or below its value: one of them is enough, and `none` needs neither. */
  readonly input?: FeatureMap | undefined;
  readonly output?: FeatureMap | undefined;
  /** ∂L / ∂ input; where two maps were added, that of either. Written, or added to. */
  readonly into: FeatureMap;
  readonly accumulate?: boolean;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares into = gradient · σ′, or into += it. Two operations a number; the least that must move is
 * 12 bytes a number, 4 less without an activation and 4 more where it accumulates.
 *
 * @throws RangeError for maps laid out otherwise than the gradient, an activation without its input
 *   or output, and a hard-swish without its input.
 */
export async function prepareActivateGradient(
  device: Device,
  {
    gradient,
    activation = 'none',
    input,
    output,
    into,
    accumulate = false,
    variant = rowWalkVariant(device),
  }: ActivateGradient,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  for (const other of [input, output, into]) requireSameLayout(gradient.matrix, other?.matrix);
  const bend = chooseBend(activation, input ? undefined : output);
  const known = input ?? output;
  if (bend.from !== 'nothing' && !known) {
    throw new RangeError(`The derivative of ${activation} takes its input or its output.`);
  }
  const kernel = await prepareKernel(device, activateGradientShader({ bend, accumulate }), {
    gradient: gradient.matrix.buffer,
    into: into.matrix.buffer,
    ...(bend.from !== 'nothing' && known && { known: known.matrix.buffer }),
  });
  const { stride, columns } = gradient.matrix;
  return (commands, { images = gradient.images } = {}) => {
    const rows = images * gradient.height * gradient.width;
    const walk = rowWalk(variant, { rows, vectors: stride / 4 }, 'rows');
    commands.dispatch(kernel, { ...walk }, walkWorkgroups(walk), 2 * rows * columns);
  };
}
