import { EspalierError } from '../errors.js';

/** What the network learns about a digit: whether it is below five, whether it is even, which it is. */
export type Task = 'below-five' | 'parity' | 'digits';

export const TASKS = ['below-five', 'parity', 'digits'] as const satisfies readonly Task[];

const CLASSES = 10;

/** The number C of a task's outputs. */
export function outputsOf(task: Task): number {
  return task === 'digits' ? CLASSES : 1;
}

/**
 * Targets Y [m × C], row-major, of the examples at `indices`, or of all. below-five: 1 for a label
 * below 5, else 0; parity: 1 for an even label, else 0; digits: one-hot.
 *
 * @throws EspalierError `bad-data` naming the example when its label is above 9 or does not exist.
 */
export function targetsOf(
  task: Task,
  labels: Uint8Array,
  indices?: Uint32Array,
): Float32Array<ArrayBuffer> {
  const examples = indices?.length ?? labels.length;
  const outputs = outputsOf(task);
  const targets = new Float32Array(examples * outputs);
  for (let row = 0; row < examples; row++) {
    const index = indices ? indices[row]! : row;
    const label = labels[index];
    if (label === undefined || label >= CLASSES) {
      throw new EspalierError(
        'bad-data',
        `Example ${index} of ${labels.length} has the label ${label}: expected a digit from 0 to 9.`,
      );
    }
    if (task === 'digits') targets[row * outputs + label] = 1;
    else targets[row] = Number(task === 'below-five' ? label < 5 : label % 2 === 0);
  }
  return targets;
}
