import { GATE_GRADIENT_THREADS, gateGradientShader } from '../../shaders/gate-gradient.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { requireSameLayout } from '../gpu/matrix.js';
import { type FeatureMap, requireGate } from './feature-map.js';
import type { RowWalkVariant } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface GateGradient {
  /** What the gate multiplied. */
  readonly input: FeatureMap;
  /** ∂L / ∂ output, laid out as the input. */
  readonly gradient: FeatureMap;
  /** ∂L / ∂ gate, a map of one position; written, or added to. */
  readonly into: FeatureMap;
  readonly accumulate?: boolean;
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares into[n, c] = Σ_positions gradient · input, or into += it: the gradient of a gate (see
 * `multiply`). Two operations a number; the least that must move is 8 bytes a number.
 *
 * @throws RangeError for a gradient laid out otherwise than the input, and for a gate of other
 *   images or channels.
 */
export async function prepareGateGradient(
  device: Device,
  { input, gradient, into, accumulate = false, variant = rowWalkVariant(device) }: GateGradient,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  requireSameLayout(input.matrix, gradient.matrix);
  requireGate(input, into);
  const shared = variant === 'interleaved';
  const kernel = await prepareKernel(device, gateGradientShader({ shared, accumulate }), {
    gradient: gradient.matrix.buffer,
    input: input.matrix.buffer,
    into: into.matrix.buffer,
  });
  const vectors = input.matrix.stride / 4;
  const positions = input.height * input.width;
  return (commands, { images = input.images } = {}) => {
    const gates = images * vectors;
    commands.dispatch(
      kernel,
      { images, positions, vectors },
      shared ? gates : Math.ceil(gates / GATE_GRADIENT_THREADS),
      2 * images * positions * input.matrix.columns,
    );
  };
}
