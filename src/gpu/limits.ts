import { EspalierError } from '../errors.js';
import type { ErrorDetails } from '../wording.js';
import type { Device } from './device.js';

/** The largest buffer that one binding can show to a shader, in bytes. */
export function largestBinding(device: Device): number {
  return Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
}

/** What is too large, less what the device knows by itself. */
type TooLarge = Omit<
  Extract<ErrorDetails, { readonly kind: 'too-large' }>,
  'kind' | 'adapter' | 'binds'
>;

/** The error of a size that no binding of this adapter can hold. Its text is in src/wording.ts. */
export function tooLarge(device: Device, what: TooLarge): EspalierError {
  return new EspalierError('limit-exceeded', {
    kind: 'too-large',
    ...what,
    adapter: device.adapter.name,
    binds: largestBinding(device),
  });
}

/**
 * Refuses a matrix that no single binding can hold, before anything is allocated.
 *
 * @throws limit-exceeded with the rows, the limit and the number of rows that would fit.
 */
export function requireBinding(
  device: Device,
  label: string,
  rows: number,
  rowBytes: number,
): void {
  const fits = Math.floor(largestBinding(device) / rowBytes);
  if (rows > fits) throw tooLarge(device, { what: label, unit: 'rows', given: rows, fits });
}
