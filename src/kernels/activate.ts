import { activateShader } from '../../shaders/activate.wgsl.js';
import type { MapActivation } from '../../shaders/activations.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { requireSameLayout } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface Activate {
  readonly input: FeatureMap;
  /** Laid out as the input, as `output` too. */
  readonly addend?: FeatureMap | undefined;
  /** Subtracted from the input, in place of an addend. */
  readonly subtrahend?: FeatureMap | undefined;
  readonly activation?: MapActivation;
  /** Written. */
  readonly output: FeatureMap;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares output = σ(input [+ addend] [− subtrahend]), for what no other kernel has fused. An operation a number
 * and one more for the sum; the least that must move is 8 bytes a number, 12 with a second map.
 *
 * @throws RangeError for maps laid out otherwise than the input.
 */
export async function prepareActivate(
  device: Device,
  {
    input,
    addend,
    subtrahend,
    activation = 'none',
    output,
    variant = rowWalkVariant(device),
  }: Activate,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  const other = addend ?? subtrahend;
  for (const map of [other, output]) requireSameLayout(input.matrix, map?.matrix);
  const how = addend ? 'added' : subtrahend ? 'subtracted' : 'none';
  const shader = activateShader({ activation, other: how });
  const kernel = await prepareKernel(device, shader, {
    input: input.matrix.buffer,
    output: output.matrix.buffer,
    ...(other && { other: other.matrix.buffer }),
  });
  const { stride, columns } = input.matrix;
  return (commands, { images = input.images } = {}) => {
    const rows = images * input.height * input.width;
    const walk = rowWalk(variant, { rows, vectors: stride / 4 }, 'rows');
    commands.dispatch(kernel, { ...walk }, walkWorkgroups(walk), 2 * rows * columns);
  };
}
