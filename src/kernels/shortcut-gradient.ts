import {
  SHORTCUT_GRADIENT_THREADS,
  shortcutGradientShader,
} from '../../shaders/shortcut-gradient.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { FeatureMap } from './feature-map.js';
import { type Shortcut, type ShortcutCall, shortcutPlan } from './shortcut.js';

export interface ShortcutGradient extends Pick<Shortcut, 'stride' | 'before'> {
  /** ∂L / ∂ output. */
  readonly gradient: FeatureMap;
  /** ∂L / ∂ input; written, or added to. */
  readonly into: FeatureMap;
  readonly accumulate?: boolean;
}

/**
 * Prepares into[n, y, x, c] = gradient[n, y / stride, x / stride, before + c] where both strides
 * divide, and zero elsewhere: the gradient of a shortcut's input.
 *
 * No arithmetic but an addition where it accumulates; the least that must move is 4 bytes of every
 * number that is copied and of all of `into`.
 *
 * @throws RangeError for maps that do not belong together.
 */
export async function prepareShortcutGradient(
  device: Device,
  { gradient, into, accumulate = false, ...moves }: ShortcutGradient,
): Promise<(commands: Commands, call?: ShortcutCall) => void> {
  const { vectors, uniforms } = shortcutPlan({ ...moves, input: into, output: gradient });
  const kernel = await prepareKernel(device, shortcutGradientShader({ vectors, accumulate }), {
    gradient: gradient.matrix.buffer,
    into: into.matrix.buffer,
  });
  return (commands, { images = into.images } = {}) => {
    const count = images * into.height * into.width * uniforms.x_step;
    const workgroups = Math.ceil(count / SHORTCUT_GRADIENT_THREADS);
    commands.dispatch(kernel, { ...uniforms, first: 0, written: 0, count }, workgroups, count);
  };
}
