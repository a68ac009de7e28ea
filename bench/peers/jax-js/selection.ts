import { blockUntilReady, jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

/**
 * scores/2 ← scores/2 + Ψᵀ ψ_pick, with Ψ = H B − Y made once a selection, a pick in one program.
 * With Ψ [m × n] a thread has four adjacent columns; with its transpose, or the sum cut into parts,
 * the matvec was slower. Argmin and column in a program of their own took as long.
 */
export async function selection(task: SelectionTask): Promise<PeerProgram<ArrayLike<number>>> {
  const { m, n, picks } = task;
  const activations = np.array(task.activations).reshape([m, n]);
  const weights = np.array(task.weights).reshape([1, n]);
  const targets = np.array(task.targets).reshape([m, 1]);
  await blockUntilReady([activations, weights, targets]);

  const contributions = jit((h: Tensor, b: Tensor, y: Tensor) => h.mul(b).sub(y));
  const norms = jit((psi: Tensor) => np.square(psi).sum(0).mul(0.5));
  const step = jit((psi: Tensor, before: Tensor) => {
    const pick = np.argmin(before.ref);
    const column = psi.ref.slice([], pick.ref);
    return { pick, scores: before.add(np.dot(column, psi)) };
  });

  let chosen: ArrayLike<number> = [];
  const select = async () => {
    const psi = contributions(activations.ref, weights.ref, targets.ref);
    let scores = norms(psi.ref);
    const all: Tensor[] = [];
    for (let count = 0; count < picks; count++) {
      const next = step(psi.ref, scores);
      scores = next.scores;
      all.push(next.pick);
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
    [DISPOSE]: () => {
      for (const tensor of [activations, weights, targets]) tensor.dispose();
      for (const program of [contributions, norms, step]) program.dispose();
    },
  };
}
