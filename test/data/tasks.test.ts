import { expect, test } from 'vitest';
import { requireSeveralClasses, TASKS, taskOutputs, taskTargets } from '../../src/data/tasks.js';

const DIGITS = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

test('targets of every digit', () => {
  expect([...taskTargets('below-five', DIGITS)]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
  expect([...taskTargets('parity', DIGITS)]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const identity = Array.from({ length: 100 }, (_, i) => Number(i % 11 === 0));
  expect([...taskTargets('digits', DIGITS)]).toEqual(identity);
  expect(TASKS.map(taskOutputs)).toEqual([1, 1, 10]);
});

test.each(TASKS)('%s: a label above 9 is refused', (task) => {
  const message = expect.stringContaining('Example 2 of 4 has the label 10');
  expect(() => taskTargets(task, Uint8Array.of(3, 9, 10, 255))).toThrow(
    expect.objectContaining({ code: 'bad-data', message }),
  );
});

test('a data set of one class of the task is refused', () => {
  expect(() => requireSeveralClasses('digits', [3])).toThrow(/one class .*labels are 3\./);
  expect(() => requireSeveralClasses('below-five', [0, 2, 4])).toThrow(/0, 2, 4\..*task digits/);
  expect(() => requireSeveralClasses('parity', [7, 9])).toThrow(/task parity/);
  requireSeveralClasses('below-five', [4, 5]);
  requireSeveralClasses('parity', [0, 7]);
  requireSeveralClasses('digits', [7, 9]);
});
