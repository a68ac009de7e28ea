import {
  DEPTHWISE_DATA_GRADIENT_THREADS,
  depthwiseDataGradientShader,
} from '../../shaders/depthwise-data-gradient.wgsl.js';
import { coverPlan } from '../../shaders/depthwise-tile.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { depthwiseTiles, depthwiseWindow, requireDepthwise } from './depthwise.js';
import type { FeatureMap } from './feature-map.js';
import type { Window } from './window.js';

export interface DepthwiseDataGradient extends Window {
  /** ∂L / ∂ output. */
  readonly gradient: FeatureMap;
  /** [taps × channels], the forward pass's own. */
  readonly weights: Matrix;
  /** ∂L / ∂ input; written, or added to. */
  readonly into: FeatureMap;
  readonly accumulate?: boolean;
}

/**
 * Prepares into[n, y, x, c] = Σ W[ky, kx, c] · gradient[n, u, v, c] over all taps and outputs with
 * u · stride + ky − top = y and v · stride + kx − left = x, or into += it. 2 operations a tap of each
 * output; the least that must move is 4 bytes of every number of gradient, weights and `into`.
 *
 * @throws RangeError for maps or weights that do not belong together.
 */
export async function prepareDepthwiseDataGradient(
  device: Device,
  { gradient, weights, into, accumulate = false, ...window }: DepthwiseDataGradient,
): Promise<(commands: Commands, call?: { readonly images?: number }) => void> {
  requireDepthwise(window, { input: into, weights, output: gradient });
  const options = depthwiseWindow(window);
  const shader = depthwiseDataGradientShader({ ...options, accumulate });
  const kernel = await prepareKernel(device, shader, {
    gradient: gradient.matrix.buffer,
    weights: weights.buffer,
    into: into.matrix.buffer,
  });
  const { tile } = coverPlan(options);
  return (commands, { images = into.images } = {}) => {
    const { threads, uniforms } = depthwiseTiles(tile, { read: gradient, covered: into, images });
    const numbers = images * gradient.height * gradient.width * gradient.matrix.columns;
    const workgroups = Math.ceil(threads / DEPTHWISE_DATA_GRADIENT_THREADS);
    commands.dispatch(kernel, uniforms, workgroups, 2 * numbers * weights.rows);
  };
}
