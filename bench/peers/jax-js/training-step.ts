import { blockUntilReady, jit, numpy as np, type Array as Tensor } from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { PeerProgram, StepTask, StepWeights } from '../peer.js';
import { finished } from './queue.js';

/**
 * The gradient by hand, in programs that end where an intermediate result is wanted twice: In one
 * program, `grad` computes the activations' part anew for every weight, which took 2 to 2.5 times
 * as long. Rows are gathered in a program of their own, since jax-js does not tile a product that
 * gathers.
 */
export async function trainingStep(task: StepTask): Promise<PeerProgram<StepWeights>> {
  const { m, d, n, learningRate, nextMinibatch } = task;
  const inputs = np.array(task.inputs).reshape([m, d]);
  const targets = np.array(task.targets);
  let hidden = np.array(task.hidden).reshape([d, n]);
  let output = np.array(task.output);
  await blockUntilReady([inputs, targets, hidden, output]);

  const gather = jit((x: Tensor, y: Tensor, rows: Tensor) => ({
    x: x.slice(rows.ref),
    y: y.slice(rows),
  }));
  const forward = jit((x: Tensor, a: Tensor) => np.tanh(np.matmul(x, a)));
  const residual = jit((h: Tensor, b: Tensor, y: Tensor) => {
    const [examples = 1] = h.shape;
    return np
      .dot(h, b)
      .div(n)
      .sub(y)
      .mul(learningRate / examples);
  });
  const backward = jit((h: Tensor, b: Tensor, r: Tensor) =>
    np
      .subtract(1, np.square(h))
      .mul(b.reshape([1, n]))
      .mul(r.reshape([-1, 1])),
  );
  const stepHidden = jit((a: Tensor, x: Tensor, g: Tensor) => a.sub(np.matmul(x.transpose(), g)));
  const stepOutput = jit((b: Tensor, h: Tensor, r: Tensor) => b.sub(np.dot(r, h)));

  const step = () => {
    const { x, y } = nextMinibatch
      ? gather(inputs.ref, targets.ref, np.array(nextMinibatch()))
      : { x: inputs.ref, y: targets.ref };
    const h = forward(x.ref, hidden.ref);
    const r = residual(h.ref, output.ref, y);
    const g = backward(h.ref, output.ref, r.ref);
    hidden = stepHidden(hidden, x, g);
    output = stepOutput(output, h, r);
  };
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) step();
      await finished([hidden, output]);
    },
    answer: async () => ({
      hidden: (await hidden.ref.data()) as Float32Array,
      output: (await output.ref.data()) as Float32Array,
    }),
    [DISPOSE]: () => {
      for (const tensor of [inputs, targets, hidden, output]) tensor.dispose();
      const programs = [gather, forward, residual, backward, stepHidden, stepOutput];
      for (const program of programs) program.dispose();
    },
  };
}
