import { expect, test } from 'vitest';
import { outputsOf, TASKS, targetsOf } from '../../src/data/tasks.js';

const DIGITS = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

test('targets of every digit', () => {
  expect([...targetsOf('below-five', DIGITS)]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
  expect([...targetsOf('parity', DIGITS)]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const identity = Array.from({ length: 100 }, (_, i) => Number(i % 11 === 0));
  expect([...targetsOf('digits', DIGITS)]).toEqual(identity);
  expect(TASKS.map(outputsOf)).toEqual([1, 1, 10]);
});

test('targets of chosen examples, in their order', () => {
  const indices = Uint32Array.of(9, 4, 4);
  expect([...targetsOf('below-five', DIGITS, indices)]).toEqual([0, 1, 1]);
  expect([...targetsOf('parity', DIGITS, indices)]).toEqual([0, 1, 1]);
  const rows = targetsOf('digits', DIGITS, indices);
  expect([rows.length, rows[9], rows[14], rows[24], rows.reduce((a, b) => a + b)]).toEqual([
    30, 1, 1, 1, 3,
  ]);
});

test.each(TASKS)('%s: a label above 9, or an example that does not exist, is refused', (task) => {
  const refused = (message: string) =>
    expect.objectContaining({ code: 'bad-data', message: expect.stringContaining(message) });
  const labels = Uint8Array.of(3, 9, 10, 255);
  expect(() => targetsOf(task, labels)).toThrow(refused('Example 2 of 4 has the label 10'));
  expect(() => targetsOf(task, labels, Uint32Array.of(0, 3))).toThrow(refused('Example 3 of 4'));
  expect(() => targetsOf(task, labels, Uint32Array.of(4))).toThrow(refused('Example 4 of 4'));
  expect(targetsOf(task, labels, Uint32Array.of(1)).length).toBe(outputsOf(task));
});
