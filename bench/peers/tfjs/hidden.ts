import * as tf from '@tensorflow/tfjs-core';
import type { HiddenTask } from '../peer.js';
import { product } from './product.js';

/** Its fused product has no tanh. */
export function hidden({ m, d, n, inputs, hidden }: HiddenTask) {
  return product(
    (x, a) => tf.tanh(tf.matMul(x, a)),
    tf.tensor2d(inputs, [m, d]),
    tf.tensor2d(hidden, [d, n]),
  );
}
