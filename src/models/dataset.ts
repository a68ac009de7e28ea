import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';

/** Examples on the GPU, uploaded once: inputs X [m × d] and targets Y [m × C]. */
export interface Dataset {
  readonly count: number;
  readonly inputs: Matrix;
  readonly targets: Matrix;
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Uploads `count` examples.
 *
 * @throws limit-exceeded when the inputs are larger than the adapter binds, with the number of
 *   examples that fit.
 */
export function uploadDataset(
  device: Device,
  label: string,
  count: number,
  inputs: Float32Array,
  targets: Float32Array,
): Dataset {
  const scope = new Scope(device);
  return {
    count,
    inputs: scope.matrix(`${label} inputs`, count, inputs.length / count, inputs),
    targets: scope.matrix(`${label} targets`, count, targets.length / count, targets),
    dispose: () => scope.dispose(),
    [Symbol.dispose]: () => scope.dispose(),
  };
}
