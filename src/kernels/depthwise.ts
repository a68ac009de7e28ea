import type { MapActivation } from '../../shaders/activations.js';
import { DEPTHWISE_THREADS, depthwiseShader } from '../../shaders/depthwise.wgsl.js';
import { type Two, windowPlan } from '../../shaders/depthwise-tile.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { FeatureMap } from './feature-map.js';
import { requireWindow, type Window } from './window.js';

export interface Depthwise extends Window {
  readonly input: FeatureMap;
  /** [taps × channels], as `packDepthwise` packs it. */
  readonly weights: Matrix;
  /** [1 × channels] */
  readonly bias?: Matrix | undefined;
  readonly activation?: MapActivation;
  readonly output: FeatureMap;
}

/**
 * Prepares output[n, u, v, c] = σ(bias[c] + Σ_{ky, kx} W[ky, kx, c] · input[n, u · stride + ky − top,
 * v · stride + kx − left, c]), with zeros around the input. 2 operations a tap of each output; the
 * least that must move is 4 bytes of every number of input, weights and output.
 *
 * @throws RangeError for maps or weights that do not belong together.
 */
export async function prepareDepthwise(
  device: Device,
  { input, weights, bias, activation = 'none', output, ...window }: Depthwise,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  requireDepthwise(window, { input, weights, output });
  const options = depthwiseWindow(window);
  const shader = depthwiseShader({ ...options, bias: bias !== undefined, activation });
  const kernel = await prepareKernel(device, shader, {
    input: input.matrix.buffer,
    weights: weights.buffer,
    output: output.matrix.buffer,
    ...(bias && { bias: bias.buffer }),
  });
  const { tile } = windowPlan(options);
  return (commands, { images = output.images } = {}) => {
    const { threads, uniforms } = depthwiseTiles(tile, { read: input, covered: output, images });
    const numbers = images * output.height * output.width * output.matrix.columns;
    const workgroups = Math.ceil(threads / DEPTHWISE_THREADS);
    commands.dispatch(kernel, uniforms, workgroups, 2 * numbers * weights.rows);
  };
}

/** What the shaders of depthwise convolutions take of a window. */
export function depthwiseWindow({ kernel, stride, padding }: Window) {
  return { kernel, stride, before: [padding.top, padding.left] as const };
}

/** @throws RangeError for maps or weights that do not belong together. */
export function requireDepthwise(
  window: Window,
  { input, weights, output }: Pick<Depthwise, 'input' | 'weights' | 'output'>,
): void {
  requireWindow('A depthwise convolution', window, input, output);
  const { columns } = input.matrix;
  const taps = window.kernel[0] * window.kernel[1];
  const same = [weights.columns, output.matrix.columns].every((count) => count === columns);
  if (same && weights.rows === taps) return;
  throw new RangeError(
    `A depthwise convolution of ${columns} channels takes weights [${taps} × ${columns}] and as many outputs, not [${weights.rows} × ${weights.columns}] and ${output.matrix.columns}.`,
  );
}

/** The tiles of a map, and what a kernel is told of them and of the map that it reads. */
export function depthwiseTiles(
  [rows, columns]: Two,
  {
    read,
    covered,
    images,
  }: { readonly read: FeatureMap; readonly covered: FeatureMap; readonly images: number },
) {
  const uniforms = {
    images,
    vectors: covered.matrix.stride / 4,
    tiles_down: Math.ceil(covered.height / rows),
    tiles_across: Math.ceil(covered.width / columns),
    height: read.height,
    width: read.width,
    out_height: covered.height,
    out_width: covered.width,
  };
  const tiles = images * uniforms.tiles_down * uniforms.tiles_across;
  return { tiles, threads: tiles * uniforms.vectors, uniforms };
}
