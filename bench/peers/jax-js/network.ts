import {
  blockUntilReady,
  grad,
  jit,
  lax,
  nn,
  numpy as np,
  type Array as Tensor,
  tree,
} from '@jax-js/jax';
import { DISPOSE } from '../../../src/disposal.js';
import type { Graph, Node } from '../../../src/graph/graph.js';
import type { Weights } from '../../../src/graph/weights.js';
import type { NetworkStepTask, NetworkTask, PeerProgram } from '../peer.js';
import { permuted } from '../permute.js';
import { finished } from './queue.js';

type Tensors = Record<string, Tensor>;

/** The whole network in one `jit`. */
export async function networkForward(task: NetworkTask): Promise<PeerProgram<Float32Array>> {
  const [input, weights] = [inputOn(task), weightsOn(task)];
  await blockUntilReady([input, weights]);
  const forward = jit((x: Tensor, all: Tensors) => networkLogits(task.graph, x, all));
  let result: Tensor | undefined;
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        result?.dispose();
        result = forward(input.ref, tree.ref(weights));
      }
      await finished(result);
    },
    answer: async () => (await result?.ref.data()) as Float32Array,
    [DISPOSE]: () => {
      for (const resource of [input, result, forward]) resource?.dispose();
      tree.dispose(weights);
    },
  };
}

/** `grad` of the loss and the update in one `jit`, as its documentation trains networks. */
export async function networkStep(task: NetworkStepTask): Promise<PeerProgram<Weights>> {
  const { graph, labels, learningRate } = task;
  const input = inputOn(task);
  let weights = weightsOn(task);
  const classes = graph.nodes.flatMap((node) => (node.kind === 'linear' ? [node.outputs] : []))[0];
  const targets = nn.oneHot(np.array(Int32Array.from(labels)), classes ?? 0);
  await blockUntilReady([input, weights, targets]);
  const loss = (all: Tensors, x: Tensor, y: Tensor) =>
    nn
      .logSoftmax(networkLogits(graph, x, all))
      .mul(y)
      .sum()
      .mul(-1 / labels.length);
  const step = jit((all: Tensors, x: Tensor, y: Tensor): Tensors => {
    const slopes = grad(loss)(tree.ref(all), x, y);
    return Object.fromEntries(
      Object.entries(all).map(([name, weight]) => [
        name,
        weight.sub((slopes[name] as Tensor).mul(learningRate)),
      ]),
    );
  });
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) weights = step(weights, input.ref, targets.ref);
      await finished(weights);
    },
    answer: async () => {
      const read = Object.entries(weights).map(async ([name, weight]) => {
        const data = (await weight.ref.data()) as Float32Array;
        return [name, { shape: weight.shape, data }] as const;
      });
      return new Map(await Promise.all(read));
    },
    [DISPOSE]: () => {
      for (const resource of [input, targets, step]) resource.dispose();
      tree.dispose(weights);
    },
  };
}

/** Channels before positions, as it has them. */
function inputOn({ graph, images, input }: NetworkTask): Tensor {
  const { channels, height, width } = graph.input;
  const turned = permuted(input, [images, height, width, channels], [0, 3, 1, 2]);
  return np.array(turned).reshape([images, channels, height, width]);
}

/** What is trained: batch norms that are left take mean and variance of the images at hand. */
function weightsOn({ graph, weights }: NetworkTask): Tensors {
  const kept = graph.nodes.flatMap((node) =>
    node.kind === 'batch-norm' ? [node.mean, node.variance] : [],
  );
  return Object.fromEntries(
    [...weights]
      .filter(([name]) => !kept.includes(name))
      .map(([name, { shape, data }]) => [name, np.array(data).reshape([...shape])]),
  );
}

/** Consumes the images and weights, as its functions do. */
function networkLogits(graph: Graph, images: Tensor, weights: Tensors): Tensor {
  const maps = new Map([[graph.input.name, images]]);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (maps.get(name) as Tensor).ref);
    maps.set(
      node.name,
      nodeMap(node, inputs, (name) => (weights[name] as Tensor).ref),
    );
  }
  const result = (maps.get(graph.output) as Tensor).ref;
  for (const map of maps.values()) map.dispose();
  tree.dispose(weights);
  return result;
}

function nodeMap(node: Node, inputs: readonly Tensor[], weight: (name: string) => Tensor): Tensor {
  const [x, other] = inputs as [Tensor, Tensor];
  switch (node.kind) {
    case 'convolution': {
      const { top, left, bottom, right } = node.padding;
      const y = lax.convGeneralDilated(
        x,
        weight(node.weight),
        [...node.stride],
        [
          [top, bottom],
          [left, right],
        ],
      );
      return node.bias === undefined ? y : y.add(byChannel(weight(node.bias)));
    }
    case 'batch-norm': {
      const over = { keepdims: true };
      const centred = x.ref.sub(np.mean(x, [0, 2, 3], over));
      const variance = np.mean(np.square(centred.ref), [0, 2, 3], over);
      const scale = byChannel(weight(node.weight)).div(np.sqrt(variance.add(node.epsilon)));
      return centred.mul(scale).add(byChannel(weight(node.bias)));
    }
    case 'activation':
      return nn.relu(x);
    case 'add':
      return x.add(other);
    case 'strided-slice': {
      const [images, channels, height, width] = x.shape as [number, number, number, number];
      const [down, across] = node.stride;
      return x
        .reshape([images, channels, height / down, down, width / across, across])
        .slice([], [], [], 0, [], 0);
    }
    case 'channel-pad':
      return np.pad(x, [
        [0, 0],
        [node.before, node.after],
        [0, 0],
        [0, 0],
      ]);
    case 'global-average-pool':
      return np.mean(x, [2, 3]);
    case 'flatten':
      return x;
    case 'linear': {
      const y = np.matmul(x, weight(node.weight).transpose());
      return node.bias === undefined ? y : y.add(weight(node.bias));
    }
    default:
      throw new Error(`it is not written for nodes of the kind ${node.kind}`);
  }
}

function byChannel(vector: Tensor): Tensor {
  return vector.reshape([1, -1, 1, 1]);
}
