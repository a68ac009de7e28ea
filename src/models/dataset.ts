import { DISPOSE } from '../disposal.js';
import { EspalierError } from '../errors.js';
import type { Device, Owned } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import { owning } from '../gpu/scope.js';

/** Examples on the GPU, uploaded once: inputs X [m × d] and targets Y [m × C]. */
export interface Dataset extends Owned {
  readonly count: number;
  readonly inputs: Matrix;
  readonly targets: Matrix;
}

/** Examples on the CPU, row-major. */
export interface DatasetArrays {
  readonly count: number;
  /** X [count × d]. */
  readonly inputs: Float32Array;
  /** Y [count × C]. */
  readonly targets: Float32Array;
}

/**
 * Uploads examples, once for all that follows.
 *
 * @throws limit-exceeded when the inputs are larger than the adapter binds, with the number of
 *   examples that fit; bad-data when the arrays are no whole rows of `count` examples.
 */
export function uploadDataset(
  device: Device,
  label: string,
  { count, inputs, targets }: DatasetArrays,
): Dataset {
  const [d, c] = [inputs.length / count, targets.length / count];
  if (!Number.isInteger(d) || !Number.isInteger(c)) {
    throw new EspalierError(
      'bad-data',
      `${inputs.length} inputs and ${targets.length} targets are not as many for each of the ${count} ${label} examples.`,
    );
  }
  return owning(device, (scope) => ({
    count,
    inputs: scope.matrix(`${label} inputs`, [count, d], { data: inputs }),
    targets: scope.matrix(`${label} targets`, [count, c], { data: targets }),
    dispose: () => scope.dispose(),
    [DISPOSE]: () => scope.dispose(),
  }));
}
