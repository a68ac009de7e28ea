import * as tf from '@tensorflow/tfjs-core';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

/**
 * scores/2 ← scores/2 + ψ_pickᵀ Ψ, with Ψ = B H − Y made once a selection. Of the ways to write the
 * matvec, a row times the transpose of Ψᵀ [n × m] is the fastest by far.
 */
export async function selection(task: SelectionTask): Promise<PeerProgram<ArrayLike<number>>> {
  const { m, n, picks } = task;
  const activations = tf.tidy(() => tf.transpose(tf.tensor2d(task.activations, [m, n])));
  const weights = tf.tensor2d(task.weights, [n, 1]);
  const targets = tf.tensor2d(task.targets, [1, m]);
  await finished();

  const select = () => {
    const psi = tf.sub(tf.mul(activations, weights), targets) as tf.Tensor2D;
    let scores = tf.mul(tf.sum(tf.square(psi), 1), 0.5) as tf.Tensor1D;
    const all: tf.Tensor[] = [];
    for (let step = 0; step < picks; step++) {
      const pick = tf.argMin(scores) as tf.Tensor1D;
      const before = scores;
      scores = tf.tidy(() => {
        const row = tf.reshape(tf.gather(psi, pick), [1, m]) as tf.Tensor2D;
        return tf.add(before, tf.reshape(tf.matMul(row, psi, false, true), [n]));
      });
      before.dispose();
      all.push(pick);
    }
    return tf.stack(all);
  };
  let chosen: ArrayLike<number> = [];
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        const all = tf.tidy(select);
        chosen = await all.data();
        all.dispose();
      }
      await finished();
    },
    answer: async () => chosen,
    [Symbol.dispose]: () => tf.dispose([activations, weights, targets]),
  };
}
