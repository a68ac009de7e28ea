import * as tf from '@tensorflow/tfjs-core';
import type { MatmulTask } from '../peer.js';
import { product } from './product.js';

export function matmul({ m, n, k, transposeA, a, b }: MatmulTask) {
  return product(
    (left, right) => tf.matMul(left, right, transposeA),
    tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
    tf.tensor2d(b, [k, n]),
  );
}
