import * as tf from '@tensorflow/tfjs-core';
import { DISPOSE } from '../../../src/disposal.js';
import type { HiddenTask, MatmulTask, PeerProgram } from '../peer.js';
import { finished } from './queue.js';

export function matmul({ m, n, k, transposeA, a, b }: MatmulTask) {
  return product(
    (left, right) => tf.matMul(left, right, transposeA),
    tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
    tf.tensor2d(b, [k, n]),
  );
}

/** Its fused product has no tanh. */
export function hidden({ m, d, n, inputs, hidden }: HiddenTask) {
  return product(
    (x, a) => tf.tanh(tf.matMul(x, a)),
    tf.tensor2d(inputs, [m, d]),
    tf.tensor2d(hidden, [d, n]),
  );
}

/** A program that is one call of a function of two tensors. */
export async function product<Left extends tf.Tensor, Right extends tf.Tensor>(
  multiply: (left: Left, right: Right) => tf.Tensor,
  left: Left,
  right: Right,
): Promise<PeerProgram<Float32Array>> {
  let result: tf.Tensor | undefined;
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        result?.dispose();
        result = tf.tidy(() => multiply(left, right));
      }
      await finished();
    },
    answer: async () => (await result?.data()) as Float32Array,
    [DISPOSE]: () => {
      tf.dispose([left, right]);
      result?.dispose();
    },
  };
}
