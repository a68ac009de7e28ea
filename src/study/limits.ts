import type { Images } from '../data/images.js';
import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { largestBinding } from '../gpu/limits.js';
import { strideOf } from '../gpu/matrix.js';
import { TRACE } from '../kernels/argmin.js';
import type { RunConfig } from './config.js';

/**
 * Refuses a run whose largest matrices no binding of this adapter can hold, before anything is
 * allocated. Activations of all examples are cut into chunks and need no limit.
 *
 * @throws limit-exceeded with the flag to change and the largest value that fits.
 */
export function requireFits(
  device: Device,
  config: Pick<RunConfig, 'examples' | 'width' | 'batch' | 'neurons'>,
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
): void {
  const inputs = rows * columns + 1;
  const words = Math.floor(largestBinding(device) / 4);
  const wide = Math.floor(words / inputs);
  const checks = [
    ['examples', config.examples, Math.floor(words / strideOf(inputs)), 'the inputs'],
    ['width', config.width, wide - (wide % 4), 'the hidden weights'],
    [
      'batch',
      config.batch === 'full' ? 0 : Math.min(config.batch, config.examples),
      Math.floor(words / strideOf(config.width)),
      "a batch's activations",
    ],
    ['neurons', config.neurons, Math.floor(words / TRACE.words), 'the record of the picks'],
  ] as const;
  for (const [flag, value, fits, what] of checks) {
    if (value <= fits) continue;
    throw new EspalierError(
      'limit-exceeded',
      `--${flag} ${value} is too large for this adapter (${device.adapter.name}), which binds at most ${words * 4} bytes: ${what} fit up to --${flag} ${fits}.`,
    );
  }
}
