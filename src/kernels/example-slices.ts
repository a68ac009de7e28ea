import type { Device } from '../gpu/device.js';

/**
 * Examples of a slice: short enough that few neurons still fill a GPU with slices, where a thread
 * waits a quarter of a microsecond for each.
 */
const SLICE_ROWS = { hardware: 32, software: 1024 } as const;
/** More slices than this only take memory. */
const MOST_SLICES = 64;

/** Examples of one slice, when a kernel that sums over m of them cuts them on this adapter. */
export function sliceRows(device: Device, m: number): number {
  return Math.max(SLICE_ROWS[device.adapter.kind], Math.ceil(m / MOST_SLICES));
}

/** Slices into which it cuts m examples. */
export function sliceCount(device: Device, m: number): number {
  return Math.ceil(m / sliceRows(device, m));
}

/** Slices of several chunks of examples, each cut by itself. */
export function chunkSlices(device: Device, chunks: readonly { readonly rows: number }[]): number {
  return chunks.reduce((sum, { rows }) => sum + sliceCount(device, rows), 0);
}
