import * as tf from '@tensorflow/tfjs-core';
import type { PeerProgram, StepTask, StepWeights } from '../peer.js';
import { finished } from './queue.js';

/** The gradient by hand: its tape of operations would do the same ones and more. */
export async function trainingStep(task: StepTask): Promise<PeerProgram<StepWeights>> {
  const { m, d, n, learningRate, nextBatch } = task;
  const inputs = tf.tensor2d(task.inputs, [m, d]);
  const targets = tf.tensor2d(task.targets, [m, 1]);
  const hidden = tf.variable(tf.tensor2d(task.hidden, [d, n]));
  const output = tf.variable(tf.tensor2d(task.output, [1, n]));

  const step = () => {
    const rows = nextBatch && tf.tensor1d(nextBatch(), 'int32');
    const x = rows ? tf.gather(inputs, rows) : inputs;
    const y = rows ? tf.gather(targets, rows) : targets;
    const h = tf.tanh(tf.matMul(x, hidden));
    const f = tf.sum(tf.mul(h, output), 1, true);
    const r = tf.mul(tf.sub(tf.div(f, n), y), learningRate / x.shape[0]) as tf.Tensor2D;
    const g = tf.mul(tf.matMul(r, output), tf.sub(1, tf.square(h))) as tf.Tensor2D;
    const newOutput = tf.sub(output, tf.matMul(r, h, true)) as tf.Tensor2D;
    hidden.assign(tf.sub(hidden, tf.matMul(x, g, true)));
    output.assign(newOutput);
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
    [Symbol.dispose]: () => tf.dispose([inputs, targets, hidden, output]),
  };
}
