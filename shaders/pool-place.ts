/** How the windows of a pool are summed up. */
export interface PoolOptions {
  readonly kind: 'max' | 'average';
  /** Whether a mean is over all of the window, or over what of it lies on the map. */
  readonly countPads: boolean;
}

export const POOL_UNIFORMS = {
  /** Of all threads' work: positions times vectors of four channels. */
  count: 'u32',
  vectors: 'u32',
  height: 'u32',
  width: 'u32',
  out_height: 'u32',
  out_width: 'u32',
  kernel_y: 'u32',
  kernel_x: 'u32',
  stride_y: 'u32',
  stride_x: 'u32',
  top: 'u32',
  left: 'u32',
} as const;

/**
 * WGSL for a thread's place: its position on a map of these rows and columns, and its four
 * channels.
 */
export function placeOfPool(threads: number, height: string, width: string): string {
  return `
  let at = workgroup * ${threads}u + local;
  if (at >= params.count) { return; }
  let vector = at % params.vectors;
  let position = at / params.vectors;
  let column = position % params.${width};
  let row = (position / params.${width}) % params.${height};
  let image = position / (params.${width} * params.${height});`;
}
