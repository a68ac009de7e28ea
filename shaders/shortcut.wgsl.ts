import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export const SHORTCUT_THREADS = 64;

export interface ShortcutOptions {
  /** Four channels a thread, where all that is counted in channels divides by four; else one. */
  readonly vectors: boolean;
  /** The first position read is not the map's first; what lies beyond the map is zero. */
  readonly moved?: boolean;
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
export function shortcutShader({ vectors, moved = false }: ShortcutOptions) {
  const element = vectors ? 'vec4<f32>' : 'f32';
  return {
    name: 'shortcut',
    bindings: { x: ['read', element], out: ['read_write', element] },
    uniforms: {
      ...SHORTCUT_UNIFORMS,
      // The first position that is read, where it is moved. What is below zero wraps around, and
      // lies beyond the map as well.
      first_y: 'u32',
      first_x: 'u32',
    },
    workgroupSize: [SHORTCUT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let index = workgroup * ${SHORTCUT_THREADS}u + local;
  if (index >= params.count) { return; }
  let at = params.first + index % params.written;
  let position = index / params.written;
  let column = position % params.out_width;
  let line = position / params.out_width;
  let y = (line % params.out_height) * params.stride_y${moved ? ' + params.first_y' : ''};
  let x_at = column * params.stride_x${moved ? ' + params.first_x' : ''};
  let image = line / params.out_height;
${
  moved
    ? `  let inside = y < params.height && x_at < params.width;
  let source = select(0u, (image * params.height + y) * params.width + x_at, inside);`
    : '  let source = (image * params.height + y) * params.width + x_at;'
}
  // A channel left of the first one wraps around to a large number, and is none either.
  let channel = at - params.before;
  let value = x[source * params.x_step + min(channel, params.channels - 1u)];
  out[position * params.out_step + at] = select(${element}(), value, ${moved ? 'inside && ' : ''}channel < params.channels);
}
`,
  } as const;
}
