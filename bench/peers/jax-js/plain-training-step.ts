import { blockUntilReady, grad, jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, StepTask, StepWeights } from '../peer.js';
import { finished } from './queue.js';

// Not an interface: jax-js differentiates by type aliases alone.
type Weights = { hidden: Tensor; output: Tensor };

/** The loss written down, its gradient by `grad`, and the whole step in one `jit`. */
export async function plainTrainingStep(task: StepTask): Promise<PeerProgram<StepWeights>> {
  const { m, d, n, learningRate, nextMinibatch } = task;
  const inputs = np.array(task.inputs).reshape([m, d]);
  const targets = np.array(task.targets);
  let weights: Weights = {
    hidden: np.array(task.hidden).reshape([d, n]),
    output: np.array(task.output),
  };
  await blockUntilReady([inputs, targets, weights]);

  const loss = ({ hidden, output }: Weights, x: Tensor, y: Tensor) => {
    const f = np.dot(np.tanh(np.matmul(x, hidden)), output).div(n);
    return np.square(f.sub(y)).mean().mul(0.5);
  };
  const update = jit(({ hidden, output }: Weights, x: Tensor, y: Tensor) => {
    const slope = grad(loss)({ hidden: hidden.ref, output: output.ref }, x, y);
    return {
      hidden: hidden.sub(slope.hidden.mul(learningRate * n)),
      output: output.sub(slope.output.mul(learningRate * n)),
    };
  });

  const step = () => {
    if (!nextMinibatch) {
      weights = update(weights, inputs.ref, targets.ref);
      return;
    }
    const rows = np.array(nextMinibatch());
    weights = update(weights, inputs.ref.slice(rows.ref), targets.ref.slice(rows));
  };
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) step();
      await finished(weights);
    },
    answer: async () => ({
      hidden: (await weights.hidden.ref.data()) as Float32Array,
      output: (await weights.output.ref.data()) as Float32Array,
    }),
    [DISPOSE]: () => {
      for (const tensor of [inputs, targets, weights.hidden, weights.output]) tensor.dispose();
      update.dispose();
    },
  };
}
