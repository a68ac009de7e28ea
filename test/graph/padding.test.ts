import { expect, test } from 'vitest';
import { samePadding } from '../../src/graph/padding.js';

// As Keras pads for these sizes (tf.nn.convolution's documentation, "SAME").
test.each([
  [32, 3, 1, [1, 1]],
  [32, 3, 2, [0, 1]],
  [33, 3, 2, [1, 1]],
  [32, 1, 2, [0, 0]],
  [224, 7, 2, [2, 3]],
  [5, 2, 1, [0, 1]],
  [7, 3, 3, [1, 1]],
  [1, 5, 4, [2, 2]],
] as const)("'same' around %i for a window of %i, stride %i: %j", (size, kernel, stride, zeros) => {
  const [before, after] = zeros;
  expect(samePadding({ channels: 1, height: size, width: 6 }, [kernel, 1], [stride, 1])).toEqual({
    top: before,
    left: 0,
    bottom: after,
    right: 0,
  });
});
