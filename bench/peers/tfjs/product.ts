import * as tf from '@tensorflow/tfjs-core';
import type { PeerProgram } from '../peer.js';
import { finished } from './queue.js';

/** A program that is one call of a function of two matrices. */
export async function product(
  multiply: (left: tf.Tensor2D, right: tf.Tensor2D) => tf.Tensor,
  left: tf.Tensor2D,
  right: tf.Tensor2D,
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
    [Symbol.dispose]: () => {
      tf.dispose([left, right]);
      result?.dispose();
    },
  };
}
