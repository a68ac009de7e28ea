import { blockUntilReady, jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

/**
 * scores/2 ← scores/2 + Ψᵀ ψ_pick, with Ψ = H B − Y made once a selection. Argmin and column lie in
 * a program of their own: fused with the matvec, jax-js gathers the column anew for every neuron,
 * and takes 2.5 times as long. With Ψ [m × n] a thread has four adjacent columns; with its
 * transpose, or the sum cut into parts, the matvec was slower.
 */
export async function selection(task: SelectionTask): Promise<PeerProgram<ArrayLike<number>>> {
  const { m, n, picks } = task;
  const activations = np.array(task.activations).reshape([m, n]);
  const weights = np.array(task.weights).reshape([1, n]);
  const targets = np.array(task.targets).reshape([m, 1]);
  await blockUntilReady([activations, weights, targets]);

  const contributions = jit((h: Tensor, b: Tensor, y: Tensor) => h.mul(b).sub(y));
  const norms = jit((psi: Tensor) => np.square(psi).sum(0).mul(0.5));
  const choose = jit((psi: Tensor, scores: Tensor) => {
    const pick = np.argmin(scores);
    return { pick: pick.ref, column: psi.slice([], pick) };
  });
  const add = jit((psi: Tensor, scores: Tensor, column: Tensor) => scores.add(np.dot(column, psi)));

  let chosen: ArrayLike<number> = [];
  const select = async () => {
    const psi = contributions(activations.ref, weights.ref, targets.ref);
    let scores = norms(psi.ref);
    const all: Tensor[] = [];
    for (let step = 0; step < picks; step++) {
      const { pick, column } = choose(psi.ref, scores.ref);
      scores = add(psi.ref, scores, column);
      all.push(pick);
    }
    psi.dispose();
    scores.dispose();
    chosen = await np.stack(all).data();
  };
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) await select();
      await finished();
    },
    answer: async () => chosen,
    [Symbol.dispose]: () => {
      for (const tensor of [activations, weights, targets]) tensor.dispose();
      for (const program of [contributions, norms, choose, add]) program.dispose();
    },
  };
}
