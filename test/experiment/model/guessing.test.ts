import { expect, test } from 'vitest';
import { isGuessing } from '../../../src/experiment/model/prune/guessing.js';

test.each([
  [2, 0.52, 0.53],
  [3, 0.36, 0.37],
  [10, 0.144, 0.146],
  [1000, 0.0014, 0.0016],
])('of %i classes a network guesses at %f, and not at %f', (classes, guessing, better) => {
  expect(isGuessing(0, classes)).toBe(true);
  expect(isGuessing(1 / classes, classes)).toBe(true);
  expect(isGuessing(guessing, classes)).toBe(true);
  expect(isGuessing(better, classes)).toBe(false);
});
