import * as tf from '@tensorflow/tfjs-core';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

type Picks = PeerProgram<ArrayLike<number>>;

/** Of the ways to write the matvec, a row times the transpose of Ψᵀ is the fastest by far. */
export function selection(task: SelectionTask): Promise<Picks> {
  return selectionFrom(task, true);
}

/** Ψ [m × n] as its user has the activations, and the transpose left to the matvec. */
export function plainSelection(task: SelectionTask): Promise<Picks> {
  return selectionFrom(task, false);
}

/** scores/2 ← scores/2 + Ψᵀ ψ_pick, with Ψ = H B − Y made once a selection. */
async function selectionFrom(task: SelectionTask, transposed: boolean): Promise<Picks> {
  const { m, n, picks } = task;
  const activations = tf.tidy(() => {
    const h = tf.tensor2d(task.activations, [m, n]);
    return transposed ? tf.transpose(h) : h;
  });
  const weights = tf.tensor2d(task.weights, transposed ? [n, 1] : [1, n]);
  const targets = tf.tensor2d(task.targets, transposed ? [1, m] : [m, 1]);
  const [neurons, examples] = transposed ? [0, 1] : [1, 0];
  await finished();

  const product = (psi: tf.Tensor2D, picked: tf.Tensor): tf.Tensor =>
    transposed
      ? tf.matMul(tf.reshape(picked, [1, m]), psi, false, true)
      : tf.matMul(psi, tf.reshape(picked, [m, 1]), true);
  const select = () => {
    const psi = tf.sub(tf.mul(activations, weights), targets) as tf.Tensor2D;
    let scores = tf.mul(tf.sum(tf.square(psi), examples), 0.5) as tf.Tensor1D;
    const all: tf.Tensor[] = [];
    for (let step = 0; step < picks; step++) {
      const pick = tf.argMin(scores) as tf.Tensor1D;
      const before = scores;
      scores = tf.tidy(() => {
        const picked = tf.gather(psi, pick, neurons);
        return tf.add(before, tf.reshape(product(psi, picked), [n]));
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
    [DISPOSE]: () => tf.dispose([activations, weights, targets]),
  };
}
