import { blockUntilReady, jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, SelectionTask } from '../peer.js';
import { finished } from './queue.js';

/**
 * Scores Σ_j log Σ_c exp z_jic − Σ_jc y_jc z_jic of the logits z = (u + h b)/k. With the classes
 * written out, jit makes one kernel of the whole score, which stores no logit. With logsumexp over
 * an axis of classes it makes two or three, which took several times as long. Of the second sum
 * only the candidates' products with the targets are needed, once: the rest is the same for all
 * candidates.
 */
export async function crossEntropySelection(
  task: SelectionTask,
): Promise<PeerProgram<ArrayLike<number>>> {
  const { m, n, outputs, picks } = task;
  const activations = np.array(task.activations).reshape([m, n]);
  const weights = np.array(task.weights).reshape([n, outputs]);
  const targets = np.array(task.targets).reshape([m, outputs]);
  await blockUntilReady([activations, weights, targets]);

  const products = jit((h: Tensor, b: Tensor, y: Tensor) =>
    np.matmul(h.transpose(), y).mul(b).sum(1),
  );
  const choose = jit((h: Tensor, b: Tensor, u: Tensor, chosen: Tensor, share: Tensor) => {
    const logits = Array.from({ length: outputs }, (_, c) =>
      h.ref
        .mul(b.ref.slice([], c).reshape([1, n]))
        .add(u.ref.slice([], [c, c + 1]))
        .mul(share.ref),
    );
    const peak = logits.map((z) => z.ref).reduce((a, z) => np.maximum(a, z));
    const sum = logits.map((z) => np.exp(z.sub(peak.ref))).reduce((a, e) => a.add(e));
    const scores = np.log(sum).add(peak).sum(0);
    for (const tensor of [h, b, u]) tensor.dispose();
    return np.argmin(scores.sub(chosen.mul(share)));
  });
  const take = jit((h: Tensor, b: Tensor, u: Tensor, pick: Tensor) =>
    u.add(
      h
        .slice([], pick.ref)
        .reshape([m, 1])
        .mul(b.slice(pick).reshape([1, outputs])),
    ),
  );

  let found: ArrayLike<number> = [];
  const select = async () => {
    const chosen = products(activations.ref, weights.ref, targets.ref);
    let totals = np.zeros([m, outputs]);
    const all: Tensor[] = [];
    for (let count = 1; count <= picks; count++) {
      const share = np.array([1 / count]);
      const pick = choose(activations.ref, weights.ref, totals.ref, chosen.ref, share);
      totals = take(activations.ref, weights.ref, totals, pick.ref);
      all.push(pick);
    }
    chosen.dispose();
    totals.dispose();
    found = await np.stack(all).data();
  };
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) await select();
      await finished();
    },
    answer: async () => found,
    [DISPOSE]: () => {
      for (const tensor of [activations, weights, targets]) tensor.dispose();
      for (const program of [products, choose, take]) program.dispose();
    },
  };
}
