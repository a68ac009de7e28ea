import type { Images } from '../data/images.js';
import { outputsOf } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { largestBinding } from '../gpu/limits.js';
import { strideOf } from '../gpu/matrix.js';
import { TRACE } from '../kernels/argmin.js';
import { GRADIENT_SLICE_ROWS } from '../kernels/output-gradient.js';
import type { RunConfig } from './run-config.js';

/** What decides the largest matrices. */
interface Sizes extends Pick<RunConfig, 'examples' | 'width' | 'picks' | 'batch' | 'task'> {
  /** Those that greedy selection goes by. */
  readonly rules: readonly string[];
}

/**
 * Refuses what no binding of this adapter can hold, before anything is allocated. Activations of
 * all examples, and of a step's, are cut into chunks and need no limit; a step's gradient of the
 * output layer has a slice for every so many of its examples.
 *
 * @param flags those that give a size by another name than the key's.
 * @throws limit-exceeded with the flag to change and the largest value that fits.
 */
export function requireFits(
  device: Device,
  { examples, width, picks, batch, task, rules }: Sizes,
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
  flags: { readonly examples?: string; readonly picks?: string } = {},
): void {
  const inputs = rows * columns + 1;
  const words = Math.floor(largestBinding(device) / 4);
  const wide = Math.floor(words / inputs);
  const { examples: examplesFlag = '--examples', picks: picksFlag = '--picks' } = flags;
  const slices = Math.floor(words / (width * outputsOf(task)));
  const [stepFlag, ofStep] =
    batch === 'full' || batch >= examples ? [examplesFlag, examples] : ['--batch', batch];
  const fitted = rules.includes('corrective') ? picks : 0;
  const checks = [
    [examplesFlag, examples, Math.floor(words / strideOf(inputs)), 'the inputs'],
    ['--width', width, wide - (wide % 4), 'the hidden weights'],
    [stepFlag, ofStep, slices * GRADIENT_SLICE_ROWS, 'slices of the output gradient'],
    [picksFlag, picks, Math.floor(words / TRACE.words), 'the record of the picks'],
    [picksFlag, fitted, Math.floor(words / width), 'the basis of the corrective rule'],
  ] as const;
  for (const [flag, value, fits, what] of checks) {
    if (value <= fits) continue;
    throw new EspalierError(
      'limit-exceeded',
      `${flag} ${value} is too large for this adapter (${device.adapter.name}), which binds at most ${words * 4} bytes: ${what} fit up to ${flag} ${fits}.`,
    );
  }
}
