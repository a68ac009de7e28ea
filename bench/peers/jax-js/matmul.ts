import { jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import type { MatmulTask } from '../peer.js';
import { product } from './product.js';

export function matmul({ m, n, k, transposeA, a, b }: MatmulTask) {
  const multiply = (x: Tensor, y: Tensor) => np.matmul(transposeA ? x.transpose() : x, y);
  const left = np.array(a).reshape(transposeA ? [k, m] : [m, k]);
  return product(jit(multiply), left, np.array(b).reshape([k, n]));
}
