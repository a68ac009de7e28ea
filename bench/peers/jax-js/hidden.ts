import { jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import type { HiddenTask } from '../peer.js';
import { product } from './product.js';

/** jit makes the activation the end of the matrix product. */
export function hidden({ m, d, n, inputs, hidden }: HiddenTask) {
  const activate = (x: Tensor, a: Tensor) => np.tanh(np.matmul(x, a));
  return product(jit(activate), np.array(inputs).reshape([m, d]), np.array(hidden).reshape([d, n]));
}
