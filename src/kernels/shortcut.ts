import { SHORTCUT_THREADS, shortcutShader } from '../../shaders/shortcut.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { FeatureMap } from './feature-map.js';
import type { Pair } from './window.js';

export interface Shortcut {
  readonly input: FeatureMap;
  readonly output: FeatureMap;
  /** Steps along rows and columns; 1 by default. */
  readonly stride?: Pair;
  /** The output's channel where the input's first goes; 0 by default. */
  readonly before?: number;
  /**
   * Row and column of the first position that is read, (0, 0) by default. With it the output may
   * have any size: what it reads beyond the input is zero.
   */
  readonly from?: Pair | undefined;
  /** Leave the output's other channels as they are, as the parts of a concatenation do. */
  readonly partly?: boolean;
}

export interface ShortcutCall {
  /** The first so many images; all by default. */
  readonly images?: number;
}

/**
 * Prepares output[n, u, v, before + c] = input[n, u · stride + from, v · stride + from, c], with zeros
 * in the channels around: the identity shortcut of a ResNet that changes size (He et al., 2016,
 * option A), or what one tap of a convolution reads.
 * `partly`, those around stay as they are; the part that ends with the output's last channel leaves
 * zeros in what pads its rows.
 *
 * No arithmetic; the least that must move is 4 bytes of every number that is read or written.
 *
 * @throws RangeError for maps that do not belong together.
 */
export async function prepareShortcut(
  device: Device,
  shortcut: Shortcut,
): Promise<(commands: Commands, call?: ShortcutCall) => void> {
  const { input, output, from, partly = false } = shortcut;
  const { vectors, uniforms } = shortcutPlan(shortcut);
  const kernel = await prepareKernel(
    device,
    shortcutShader({ vectors, moved: from !== undefined }),
    {
      x: input.matrix.buffer,
      out: output.matrix.buffer,
    },
  );
  const moves = { first_y: from?.[0] ?? 0, first_x: from?.[1] ?? 0 };
  const last = (shortcut.before ?? 0) + input.matrix.columns;
  const ends = last === output.matrix.columns;
  const part = ends ? uniforms.out_step - uniforms.before : uniforms.channels;
  const [first, written] = partly ? [uniforms.before, part] : [0, uniforms.out_step];
  return (commands, { images = output.images } = {}) => {
    const count = images * output.height * output.width * written;
    const workgroups = Math.ceil(count / SHORTCUT_THREADS);
    commands.dispatch(kernel, { ...uniforms, ...moves, first, written, count }, workgroups, count);
  };
}

/** How a shortcut's maps lie to each other; sizes are in elements of four channels, or of one. */
export function shortcutPlan({ input, output, stride = [1, 1], before = 0, from }: Shortcut) {
  const channels = input.matrix.columns;
  const rows = Math.ceil(input.height / stride[0]);
  const columns = Math.ceil(input.width / stride[1]);
  const fits = before + channels <= output.matrix.columns && before >= 0;
  const sized = from !== undefined || (output.height === rows && output.width === columns);
  if (!fits || !sized) {
    throw new RangeError(
      `A shortcut of ${input.height} × ${input.width} × ${channels} by ${stride.join(' × ')} from channel ${before} on does not fit ${output.height} × ${output.width} × ${output.matrix.columns}.`,
    );
  }
  const vectors = before % 4 === 0 && channels % 4 === 0;
  const elements = (count: number) => (vectors ? count / 4 : count);
  const uniforms = {
    height: input.height,
    width: input.width,
    out_height: output.height,
    out_width: output.width,
    stride_y: stride[0],
    stride_x: stride[1],
    x_step: elements(input.matrix.stride),
    out_step: elements(output.matrix.stride),
    before: elements(before),
    channels: elements(channels),
  };
  return { vectors, uniforms };
}
