import { POOL_THREADS, poolShader } from '../../shaders/pool.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { FeatureMap } from './feature-map.js';
import { requireWindow, type Window } from './window.js';

export interface Pool extends Window {
  readonly kind: 'max' | 'average';
  /** Whether a mean is over all of the window, padding included; false by default. */
  readonly countPads?: boolean;
  readonly input: FeatureMap;
  readonly output: FeatureMap;
}

export interface PoolCall {
  /** The first so many images; all by default. */
  readonly images?: number;
}

/**
 * Prepares output = the largest number, or the mean, of each window of the input, channel by channel.
 * Padding has no numbers: a maximum never sees it, and a mean only counts it where asked. The mean of
 * the whole map is an average pool with a window as large as the map.
 *
 * One operation a tap; the least that must move is 4 bytes of every number of input and output.
 *
 * @throws RangeError for maps that do not belong together, or a window that can lie in padding alone.
 */
export async function preparePool(
  device: Device,
  pool: Pool,
): Promise<(commands: Commands, call?: PoolCall) => void> {
  const { kind, countPads = false, input, output, kernel } = pool;
  requirePool(pool);
  const run = await prepareKernel(device, poolShader({ kind, countPads }), {
    x: input.matrix.buffer,
    out: output.matrix.buffer,
  });
  const uniforms = poolUniforms(pool);
  const { height, width, matrix } = output;
  return (commands, { images = output.images } = {}) => {
    const count = images * height * width * uniforms.vectors;
    const operations = images * height * width * matrix.columns * kernel[0] * kernel[1];
    commands.dispatch(run, { ...uniforms, count }, Math.ceil(count / POOL_THREADS), operations);
  };
}

/** @throws RangeError for maps that do not belong together, or a window that can lie in padding alone. */
export function requirePool({ input, output, ...window }: Window & Pick<Pool, 'input' | 'output'>) {
  requireWindow('A pool', window, input, output);
  const { kernel, padding } = window;
  const { top, left, bottom, right } = padding;
  if (Math.max(top, bottom) >= kernel[0] || Math.max(left, right) >= kernel[1]) {
    throw new RangeError(
      `A pool of ${kernel.join(' × ')} with padding ${top}, ${left}, ${bottom}, ${right} has windows in padding alone.`,
    );
  }
  if (input.matrix.columns !== output.matrix.columns) {
    throw new RangeError(
      `A pool keeps its ${input.matrix.columns} channels; ${output.matrix.buffer.label} has ${output.matrix.columns}.`,
    );
  }
}

/** The uniforms that a pool and its gradient have in common: maps and window. */
export function poolUniforms(pool: Window & Pick<Pool, 'input' | 'output'>) {
  const { input, output, kernel, stride, padding } = pool;
  return {
    vectors: input.matrix.stride / 4,
    height: input.height,
    width: input.width,
    out_height: output.height,
    out_width: output.width,
    kernel_y: kernel[0],
    kernel_x: kernel[1],
    stride_y: stride[0],
    stride_x: stride[1],
    top: padding.top,
    left: padding.left,
  };
}
