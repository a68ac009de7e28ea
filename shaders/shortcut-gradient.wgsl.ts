import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { SHORTCUT_UNIFORMS, type ShortcutOptions } from './shortcut.wgsl.js';

export const SHORTCUT_GRADIENT_THREADS = 64;

export interface ShortcutGradientOptions extends Pick<ShortcutOptions, 'vectors'> {
  /** The gradient is added to what is there. */
  readonly accumulate: boolean;
}

/**
 * The gradient of a shortcut's input: that of the place each number was copied to, and zero for
 * those that were left out. One element a thread.
 */
export function shortcutGradientShader({ vectors, accumulate }: ShortcutGradientOptions) {
  const element = vectors ? 'vec4<f32>' : 'f32';
  return {
    name: 'shortcut-gradient',
    bindings: { gradient: ['read', element], into: ['read_write', element] },
    uniforms: SHORTCUT_UNIFORMS,
    workgroupSize: [SHORTCUT_GRADIENT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let index = workgroup * ${SHORTCUT_GRADIENT_THREADS}u + local;
  if (index >= params.count) { return; }
  let channel = index % params.x_step;
  let position = index / params.x_step;
  let column = position % params.width;
  let line = position / params.width;
  let row = line % params.height;
  let image = line / params.height;
  let copied = row % params.stride_y == 0u && column % params.stride_x == 0u
    && channel < params.channels;
  let to = (image * params.out_height + row / params.stride_y) * params.out_width
    + column / params.stride_x;
  let at = to * params.out_step + params.before + min(channel, params.channels - 1u);
  let share = select(${element}(), gradient[at], copied);
#if ${accumulate}
  into[index] += share;
#else
  into[index] = share;
#endif
}
`,
  } as const;
}
