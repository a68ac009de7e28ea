import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export const SHORTCUT_THREADS = 64;

export interface ShortcutOptions {
  /** Four channels a thread, where all that is counted in channels divides by four; else one. */
  readonly vectors: boolean;
}

/** All but `count` in elements: of four channels, or of one. */
export const SHORTCUT_UNIFORMS = {
  count: 'u32',
  /** Rows and columns of the larger map, and of the smaller one; the step between. */
  height: 'u32',
  width: 'u32',
  out_height: 'u32',
  out_width: 'u32',
  stride_y: 'u32',
  stride_x: 'u32',
  /** Elements of a row of either map. */
  x_step: 'u32',
  out_step: 'u32',
  /** The elements of a row that are written, from the first on. */
  first: 'u32',
  written: 'u32',
  /** Where the input's first channel goes, and how many there are. */
  before: 'u32',
  channels: 'u32',
} as const;

/**
 * Copies every stride-th row and column of a feature map, its channels moved by `before`, and zeros
 * where the written part of a row has no channel: one element a thread.
 */
export function shortcutShader({ vectors }: ShortcutOptions) {
  const element = vectors ? 'vec4<f32>' : 'f32';
  return {
    name: 'shortcut',
    bindings: { x: ['read', element], out: ['read_write', element] },
    uniforms: SHORTCUT_UNIFORMS,
    workgroupSize: [SHORTCUT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let index = workgroup * ${SHORTCUT_THREADS}u + local;
  if (index >= params.count) { return; }
  let at = params.first + index % params.written;
  let position = index / params.written;
  let column = position % params.out_width;
  let line = position / params.out_width;
  let row = (line % params.out_height) * params.stride_y;
  let image = line / params.out_height;
  let source = (image * params.height + row) * params.width + column * params.stride_x;
  // What is left of the channels wraps around, and is no channel either.
  let channel = at - params.before;
  let value = x[source * params.x_step + min(channel, params.channels - 1u)];
  out[position * params.out_step + at] = select(${element}(), value, channel < params.channels);
}
`,
  } as const;
}
