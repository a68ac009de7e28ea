import type { Device } from '../gpu/device.js';

/**
 * Examples of a slice at least. On a GPU a thread waits a quarter of a microsecond for each, and narrow
 * layers have too few columns to fill it: their slices are short. Wide ones fill it with long ones, of
 * which fewer have to be kept and added up.
 */
const LEAST_ROWS = {
  hardware: (width: number) => Math.min(Math.max(32, Math.ceil(width / 16)), 256),
  software: () => 1024,
} as const;
/** More slices than this only take memory. */
const MOST_SLICES = 64;

/** What is summed over: m examples of so many neurons. */
export interface Summed {
  readonly m: number;
  readonly width: number;
}

/** Examples of one slice, when a kernel that sums over them cuts them on this adapter. */
export function sliceRows({ adapter: { kind } }: Device, { m, width }: Summed): number {
  return Math.max(LEAST_ROWS[kind](width), Math.ceil(m / MOST_SLICES));
}

/** Slices into which it cuts them. */
export function sliceCount(device: Device, summed: Summed): number {
  return Math.ceil(summed.m / sliceRows(device, summed));
}

/** Slices of several chunks of examples, each cut by itself. */
export function chunkSlices(
  device: Device,
  chunks: readonly { readonly rows: number }[],
  width: number,
): number {
  return chunks.reduce((sum, { rows }) => sum + sliceCount(device, { m: rows, width }), 0);
}
