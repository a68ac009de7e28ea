import * as tf from '@tensorflow/tfjs-core';
import { DISPOSE } from '../../../src/disposal.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Graph, Node } from '../../../src/graph/graph.js';
import type { Weights } from '../../../src/graph/weights.js';
import type { NetworkStepTask, NetworkTask, PeerProgram } from '../peer.js';
import { permuted } from '../permute.js';
import { finished } from './queue.js';

type Tensors = ReadonlyMap<string, tf.Tensor>;

/** Convolutions with bias fused. */
export async function networkForward(task: NetworkTask): Promise<PeerProgram<Float32Array>> {
  const [input, weights] = [inputOn(task), weightsOn(task)];
  let result: tf.Tensor | undefined;
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        result?.dispose();
        result = tf.tidy(() => networkLogits(task.graph, input, weights));
      }
      await finished();
    },
    answer: async () => (await result?.data()) as Float32Array,
    [DISPOSE]: () => {
      tf.dispose([input, ...weights.values()]);
      result?.dispose();
    },
  };
}

/** Its own optimiser. */
export async function networkStep(task: NetworkStepTask): Promise<PeerProgram<Weights>> {
  const { graph, labels, learningRate } = task;
  const input = inputOn(task);
  const variables = new Map(
    [...weightsOn(task)].map(([name, weight]) => [name, tf.variable(weight)] as const),
  );
  const classes = graph.nodes.flatMap((node) => (node.kind === 'linear' ? [node.outputs] : []))[0];
  const targets = tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), classes ?? 0);
  const optimizer = tf.train.sgd(learningRate);
  const loss = (): tf.Scalar =>
    tf.losses.softmaxCrossEntropy(targets, networkLogits(graph, input, variables));
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        optimizer.minimize(loss, false, [...variables.values()]);
      }
      await finished();
    },
    answer: async () => {
      const read = [...variables].map(async ([name, variable]) => {
        const data = (await variable.data()) as Float32Array;
        const { shape } = variable;
        const own = shape.length === 4 ? permuted(data, shape, OUTPUTS_FIRST) : data;
        return [name, { shape: task.weights.get(name)?.shape ?? shape, data: own }] as const;
      });
      return new Map(await Promise.all(read));
    },
    [DISPOSE]: () => {
      tf.dispose([input, targets, ...variables.values()]);
      optimizer.dispose();
    },
  };
}

/** Filters are [rows, columns, channels, outputs] there. */
const OUTPUTS_LAST = [2, 3, 1, 0];
const OUTPUTS_FIRST = [3, 2, 0, 1];

function inputOn({ graph, images, input }: NetworkTask): tf.Tensor4D {
  const { channels, height, width } = graph.input;
  return tf.tensor4d(input, [images, height, width, channels]);
}

/** What is trained: batch norms that are left take mean and variance of the images at hand. */
function weightsOn({ graph, weights }: NetworkTask): Tensors {
  const kept = graph.nodes.flatMap((node) =>
    node.kind === 'batch-norm' ? [node.mean, node.variance] : [],
  );
  return new Map(
    [...weights]
      .filter(([name]) => !kept.includes(name))
      .map(([name, { shape, data }]) => {
        if (shape.length !== 4) return [name, tf.tensor(data, [...shape])];
        const turned = OUTPUTS_LAST.map((axis) => shape[axis] ?? 1);
        return [name, tf.tensor(permuted(data, shape, OUTPUTS_LAST), turned)];
      }),
  );
}

function networkLogits(graph: Graph, images: tf.Tensor4D, weights: Tensors): tf.Tensor2D {
  const maps = new Map<string, tf.Tensor>([[graph.input.name, images]]);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => maps.get(name) as tf.Tensor4D);
    maps.set(
      node.name,
      nodeMap(node, inputs, (name) => weights.get(name) as tf.Tensor),
    );
  }
  return maps.get(graph.output) as tf.Tensor2D;
}

function nodeMap(
  node: Node,
  inputs: readonly tf.Tensor4D[],
  weight: (name: string) => tf.Tensor,
): tf.Tensor {
  const [x, other] = inputs as [tf.Tensor4D, tf.Tensor4D];
  switch (node.kind) {
    case 'convolution': {
      const { top, left, bottom, right } = node.padding;
      return tf.fused.conv2d({
        x,
        filter: weight(node.weight) as tf.Tensor4D,
        strides: [...node.stride],
        pad: [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
        ...(node.bias !== undefined && { bias: weight(node.bias) }),
      });
    }
    case 'batch-norm': {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const [scale, offset] = [weight(node.weight), weight(node.bias)] as tf.Tensor1D[];
      return tf.batchNorm4d(
        x,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset,
        scale,
        node.epsilon,
      );
    }
    case 'activation':
      return tf.relu(x);
    case 'add':
      return tf.add(x, other);
    // Its strided slice has no gradient; a window of one pixel is the same.
    case 'strided-slice':
      return tf.avgPool(x, 1, [...node.stride], 'valid');
    case 'channel-pad':
      return tf.pad(x, [
        [0, 0],
        [0, 0],
        [0, 0],
        [node.before, node.after],
      ]);
    case 'global-average-pool':
      return tf.mean(x, [1, 2]);
    case 'flatten':
      return x;
    case 'linear': {
      const y = tf.matMul(x as tf.Tensor, weight(node.weight), false, true);
      return node.bias === undefined ? y : tf.add(y, weight(node.bias));
    }
    default:
      throw new Error(`it is not written for nodes of the kind ${node.kind}`);
  }
}
