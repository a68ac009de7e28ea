import { POOL_GRADIENT_THREADS, poolGradientShader } from '../../shaders/pool-gradient.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { FeatureMap } from './feature-map.js';
import { type Pool, type PoolCall, poolUniforms, requirePool } from './pool.js';

export interface PoolGradient extends Pool {
  /** ∂L / ∂ output, laid out as it. */
  readonly gradient: FeatureMap;
  /** ∂L / ∂ input, laid out as it; written, or added to. */
  readonly into: FeatureMap;
  readonly accumulate?: boolean;
}

/**
 * Prepares into = Σ_windows of the gradient of the window's answer times its derivative by the
 * position: 1 / count of a mean; of a maximum 1 at the first position, row by row, that has it, and 0
 * elsewhere.
 *
 * One operation a tap, and of a maximum as many again as there are taps before it; the least that
 * must move is 4 bytes of every number of both gradients, and for a maximum of both maps.
 *
 * @throws RangeError for maps that do not belong together.
 */
export async function preparePoolGradient(
  device: Device,
  pool: PoolGradient,
): Promise<(commands: Commands, call?: PoolCall) => void> {
  const { kind, countPads = false, accumulate = false, input, output, kernel } = pool;
  const { gradient, into } = pool;
  requirePool(pool);
  requirePool({ ...pool, input: into, output: gradient });
  const shader = poolGradientShader({ kind, countPads, accumulate });
  const run = await prepareKernel(device, shader, {
    gradient: gradient.matrix.buffer,
    into: into.matrix.buffer,
    ...(kind === 'max' && { x: input.matrix.buffer, out: output.matrix.buffer }),
  });
  const uniforms = poolUniforms(pool);
  const taps = kernel[0] * kernel[1];
  return (commands, { images = input.images } = {}) => {
    const count = images * input.height * input.width * uniforms.vectors;
    const outputs = images * output.height * output.width * output.matrix.columns;
    const operations = outputs * taps * (kind === 'max' ? taps : 1);
    const workgroups = Math.ceil(count / POOL_GRADIENT_THREADS);
    commands.dispatch(run, { ...uniforms, count }, workgroups, operations);
  };
}
