import * as tf from '@tensorflow/tfjs-core';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

/**
 * Scores Σ_j log Σ_c exp z_jic − Σ_jc y_jc z_jic of the logits z = (u + h b)/k, one class after the
 * other on matrices [n × m]: logSumExp over an axis of classes took nearly a hundred times as long.
 */
export async function crossEntropySelection(
  task: SelectionTask,
): Promise<PeerProgram<ArrayLike<number>>> {
  const { m, n, outputs, picks } = task;
  const activations = tf.tidy(() => tf.transpose(tf.tensor2d(task.activations, [m, n])));
  const weights = tf.tensor2d(task.weights, [n, outputs]);
  const targets = tf.tensor2d(task.targets, [m, outputs]);
  await finished();

  const select = () => {
    const columns = tf.split(weights, outputs, 1);
    const candidateOutputs = columns.map((column) => tf.mul(activations, column));
    const chosen = tf.sum(tf.mul(tf.matMul(activations, targets), weights), 1);
    let totals: tf.Tensor[] = columns.map(() => tf.zeros([1, m]));
    const all: tf.Tensor[] = [];
    for (let count = 1; count <= picks; count++) {
      const pick = tf.tidy(() => {
        const logits = candidateOutputs.map((f, c) =>
          tf.div(tf.add(f, totals[c] as tf.Tensor), count),
        );
        const peak = logits.reduce((a, z) => tf.maximum(a, z));
        const sum = logits.map((z) => tf.exp(tf.sub(z, peak))).reduce((a, e) => tf.add(a, e));
        const scores = tf.sum(tf.add(tf.log(sum), peak), 1);
        return tf.argMin(tf.sub(scores, tf.div(chosen, count)));
      });
      const before = totals;
      totals = candidateOutputs.map((f, c) => tf.add(before[c] as tf.Tensor, tf.gather(f, pick)));
      tf.dispose(before);
      all.push(pick);
    }
    return tf.stack(all);
  };
  let found: ArrayLike<number> = [];
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        const all = tf.tidy(select);
        found = await all.data();
        all.dispose();
      }
      await finished();
    },
    answer: async () => found,
    [DISPOSE]: () => tf.dispose([activations, weights, targets]),
  };
}
