import { multiplyShader } from '../../shaders/multiply.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { requireSameLayout } from '../gpu/matrix.js';
import { type FeatureMap, requireGate } from './feature-map.js';
import { type RowWalkVariant, rowWalk, walkWorkgroups } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface Multiply {
  readonly input: FeatureMap;
  /** A map laid out as the input, or a gate: a map of one position, one number a channel. */
  readonly factor: FeatureMap;
  /** Laid out as the input; written, or added to. */
  readonly output: FeatureMap;
  readonly accumulate?: boolean;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares output = input · factor, number by number, or output += it. It is its own gradient: the
 * gradient of the input is the output's times the factor, and that of a factor that is a map is the
 * output's times the input. For that of a gate see `gate-gradient`.
 *
 * An operation a number; the least that must move is 8 bytes a number, 4 more for a map as factor
 * and where it accumulates.
 *
 * @throws RangeError for an output laid out otherwise than the input, and a factor that is
 *   neither.
 */
export async function prepareMultiply(
  device: Device,
  { input, factor, output, accumulate = false, variant = rowWalkVariant(device) }: Multiply,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  requireSameLayout(input.matrix, output.matrix);
  const positions = input.height * input.width;
  const gate = factor.height * factor.width !== positions;
  if (gate) requireGate(input, factor);
  else requireSameLayout(input.matrix, factor.matrix);
  const kernel = await prepareKernel(device, multiplyShader({ gate, accumulate }), {
    input: input.matrix.buffer,
    factor: factor.matrix.buffer,
    output: output.matrix.buffer,
  });
  const { stride, columns } = input.matrix;
  return (commands, { images = input.images } = {}) => {
    const [parts, rows] = gate ? [images, positions] : [1, images * positions];
    const walk = rowWalk(variant, { rows, vectors: stride / 4 }, 'rows');
    const workgroups = walkWorkgroups(walk);
    commands.dispatch(
      kernel,
      { ...walk, workgroups },
      parts * workgroups,
      images * positions * columns,
    );
  };
}
