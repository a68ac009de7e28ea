import type { Images } from '../data/images.js';
import { taskOutputs } from '../data/tasks.js';
import type { Device } from '../gpu/device.js';
import { largestBinding, tooLarge } from '../gpu/limits.js';
import { rowStride } from '../gpu/matrix.js';
import { gradientSliceRows, gradientSlices } from '../kernels/output-gradient.js';
import { TRACE } from '../kernels/pick.js';
import { largestChunk } from '../train/step.js';
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
 * @param keys those that give a size by another name.
 * @throws limit-exceeded with the setting to change and the largest value that fits.
 */
export function requireFits(
  device: Device,
  { examples, width, picks, batch, task, rules }: Sizes,
  { rows, columns }: Pick<Images, 'rows' | 'columns'>,
  keys: { readonly examples?: string; readonly picks?: string } = {},
): void {
  const inputs = rows * columns + 1;
  const words = Math.floor(largestBinding(device) / 4);
  const wide = Math.floor(words / inputs);
  const { examples: examplesKey = 'examples', picks: picksKey = 'picks' } = keys;
  const slices = Math.floor(words / (width * taskOutputs(task)));
  const chunk = largestChunk(device, width);
  const extent = { rows: chunk, width };
  const each = gradientSlices(device, extent);
  const sliced =
    Math.floor(slices / each) * chunk + (slices % each) * gradientSliceRows(device, extent);
  const [stepKey, ofStep] =
    batch === 'full' || batch >= examples ? [examplesKey, examples] : ['batch', batch];
  const fitted = rules.includes('corrective') ? picks : 0;
  const checks = [
    [examplesKey, examples, Math.floor(words / rowStride(inputs)), 'the inputs'],
    ['width', width, wide - (wide % 4), 'the hidden weights'],
    [stepKey, ofStep, sliced, 'slices of the output gradient'],
    [picksKey, picks, Math.floor(words / TRACE.words), 'the record of the picks'],
    [picksKey, fitted, Math.floor(words / width), 'the basis of the corrective rule'],
  ] as const;
  for (const [key, given, fits, what] of checks) {
    if (given > fits) throw tooLarge(device, { key, given, fits, what });
  }
}
