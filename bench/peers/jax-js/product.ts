import { blockUntilReady, type OwnedFunction, type Array as Tensor } from '@jax-js/jax';
import type { PeerProgram } from '../peer.js';
import { finished } from './queue.js';

type Multiply = OwnedFunction<(left: Tensor, right: Tensor) => Tensor>;

/** A program that is one call of a compiled function of two matrices. */
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
    [Symbol.dispose]: () => {
      for (const resource of [left, right, result, multiply]) resource?.dispose();
    },
  };
}
