import * as tf from '@tensorflow/tfjs-core';
import { DISPOSE } from '../../../src/disposal.js';
// The union package, which its user installs, does the same.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { PeerProgram, StepTask, StepWeights } from '../peer.js';
import { finished } from './queue.js';

/** The loss written down and its optimizer for the rest: the gradient by hand took as long. */
export async function trainingStep(task: StepTask): Promise<PeerProgram<StepWeights>> {
  const { m, d, n, learningRate, nextMinibatch } = task;
  const inputs = tf.tensor2d(task.inputs, [m, d]);
  const targets = tf.tensor2d(task.targets, [m, 1]);
  const hidden = tf.variable(tf.tensor2d(task.hidden, [d, n]));
  const output = tf.variable(tf.tensor2d(task.output, [n, 1]));
  const optimizer = tf.train.sgd(learningRate * n);

  const step = () => {
    const rows = nextMinibatch && tf.tensor1d(nextMinibatch(), 'int32');
    const x = rows ? tf.gather(inputs, rows) : inputs;
    const y = rows ? tf.gather(targets, rows) : targets;
    const loss = () => {
      const f = tf.div(tf.matMul(tf.tanh(tf.matMul(x, hidden)), output), n);
      return tf.mul(tf.losses.meanSquaredError(y, f), 0.5) as tf.Scalar;
    };
    optimizer.minimize(loss, false, [hidden, output]);
  };
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) tf.tidy(step);
      await finished();
    },
    answer: async () => ({
      hidden: (await hidden.data()) as Float32Array,
      output: (await output.data()) as Float32Array,
    }),
    [DISPOSE]: () => {
      tf.dispose([inputs, targets, hidden, output]);
      optimizer.dispose();
    },
  };
}
