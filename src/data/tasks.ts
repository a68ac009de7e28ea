import { EspalierError } from '../errors.js';

/** What the network learns about a digit: whether it is below five, whether it is even, which it is. */
export type Task = 'below-five' | 'parity' | 'digits';

/** All tasks by name. */
export const TASKS = ['below-five', 'parity', 'digits'] as const satisfies readonly Task[];

const CLASSES = 10;

/** The number C of a task's outputs. */
export function taskOutputs(task: Task): number {
  return task === 'digits' ? CLASSES : 1;
}

/** A digit's class: below-five: 1 below 5, else 0; parity: 1 if even, else 0; digits: itself. */
export function taskClass(task: Task, label: number): number {
  if (task === 'digits') return label;
  return Number(task === 'below-five' ? label < 5 : label % 2 === 0);
}

/**
 * Targets Y [m × C], row-major, of m labels: their classes, for C > 1 one-hot.
 *
 * @throws EspalierError `bad-data` naming the example when its label is above 9.
 */
export function taskTargets(task: Task, labels: Uint8Array): Float32Array<ArrayBuffer> {
  const outputs = taskOutputs(task);
  const targets = new Float32Array(labels.length * outputs);
  for (const [row, label] of labels.entries()) {
    if (label >= CLASSES) {
      throw new EspalierError(
        'bad-data',
        `Example ${row} of ${labels.length} has the label ${label}: expected a digit from 0 to 9.`,
      );
    }
    const own = taskClass(task, label);
    if (outputs > 1) targets[row * outputs + own] = 1;
    else targets[row] = own;
  }
  return targets;
}

/**
 * @param labels that occur in a data set.
 * @throws EspalierError `bad-data` when they are all of one of the task's classes: whoever gives the same
 *   answer to everything would be right, and nothing is learnt.
 */
export function requireSeveralClasses(task: Task, labels: readonly number[]): void {
  if (new Set(labels.map((label) => taskClass(task, label))).size > 1) return;
  throw new EspalierError('bad-data', {
    kind: 'message',
    message: `All images to train on are of one class of the task ${task}: their labels are ${labels.join(', ')}. Check that the labels were read from the right place, or take images of several classes.`,
    ...(new Set(labels).size > 1 && { instead: { task: 'digits' } }),
  });
}
