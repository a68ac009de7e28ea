import {
  blockUntilReady,
  jit,
  numpy as np,
  type OwnedFunction,
  type Array as Tensor,
} from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { HiddenTask, MatmulTask, PeerProgram } from '../peer.js';
import { finished } from './queue.js';

export function matmul({ m, n, k, transposeA, a, b }: MatmulTask) {
  const multiply = (x: Tensor, y: Tensor) => np.matmul(transposeA ? x.transpose() : x, y);
  const left = np.array(a).reshape(transposeA ? [k, m] : [m, k]);
  return product(jit(multiply), left, np.array(b).reshape([k, n]));
}

/** jit makes the activation the end of the matrix product. */
export function hidden({ m, d, n, inputs, hidden }: HiddenTask) {
  const activate = (x: Tensor, a: Tensor) => np.tanh(np.matmul(x, a));
  return product(jit(activate), np.array(inputs).reshape([m, d]), np.array(hidden).reshape([d, n]));
}

type Multiply = OwnedFunction<(left: Tensor, right: Tensor) => Tensor>;

/** A program that is one call of a compiled function of two arrays. */
export async function product(
  multiply: Multiply,
  left: Tensor,
  right: Tensor,
): Promise<PeerProgram<Float32Array>> {
  await blockUntilReady([left, right]);
  let result: Tensor | undefined;
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        result?.dispose();
        result = multiply(left.ref, right.ref);
      }
      await finished(result);
    },
    // Reading takes ownership.
    answer: async () => (await result?.ref.data()) as Float32Array,
    [DISPOSE]: () => {
      for (const resource of [left, right, result, multiply]) resource?.dispose();
    },
  };
}
