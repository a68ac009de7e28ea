import { EspalierError } from '../errors.js';
import type { Device } from './device.js';

/** The largest buffer that one binding can show to a shader, in bytes. */
export function largestBinding(device: Device): number {
  return Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
}

/**
 * Refuses a matrix that no single binding can hold, before anything is allocated.
 *
 * @throws limit-exceeded with the size, the limit and the number of rows that would fit.
 */
export function requireBinding(
  device: Device,
  label: string,
  rows: number,
  stride: number,
  rowBytes: number,
): void {
  const bytes = rows * rowBytes;
  const limit = largestBinding(device);
  if (bytes <= limit) return;
  const fits = Math.floor(limit / rowBytes);
  throw new EspalierError(
    'limit-exceeded',
    `${label} [${rows} × ${stride}] takes ${mebibytes(bytes)}, but this adapter binds at most ${mebibytes(limit)}: at most ${fits} rows of that length fit.`,
  );
}

/** 4404019 → 4.2 MiB */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
