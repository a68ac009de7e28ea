import type { Graph, NodeKind } from '../graph/graph.js';
import { listParameters, type Parameter } from '../graph/parameters.js';
import type { Weight, Weights } from '../graph/weights.js';
import { type RandomStream, randomStream } from '../random.js';

/**
 * Weights to begin a training with, as PyTorch's models begin: a convolution's filters from
 * N(0, 2 / fan-out), fan-out = outputs · kernel rows · kernel columns (He et al. 2015), its bias 0; a
 * linear layer's weights and bias uniform within ±1/√inputs; batch norms 1 and 0 with mean 0 and
 * variance 1. Each parameter has a random stream of its own name: the same seed gives it the same
 * bits, whatever else the graph holds.
 */
export function drawWeights(graph: Graph, seed: number): Weights {
  const kinds = new Map(graph.nodes.map(({ name, kind }) => [name, kind]));
  const inputs = new Map<string, number>();
  return new Map(
    listParameters(graph).map((parameter): [string, Weight] => {
      const { name, node, role, shape } = parameter;
      // A bias is drawn as its weight, which comes before it, is.
      if (role === 'weight') inputs.set(node, shape[1] ?? 1);
      const draw = weightDraw(
        kinds.get(node)!,
        parameter,
        inputs.get(node)!,
        randomStream(seed, name),
      );
      const length = shape.reduce((product, size) => product * size, 1);
      return [name, { shape, data: Float32Array.from({ length }, draw) }];
    }),
  );
}

/** What gives one number of a parameter after the other. */
function weightDraw(
  kind: NodeKind,
  { role, shape }: Parameter,
  inputs: number,
  stream: RandomStream,
): () => number {
  if (kind === 'linear') return () => (2 * stream.uniform() - 1) / Math.sqrt(inputs);
  if (kind === 'batch-norm') return () => (role === 'weight' || role === 'variance' ? 1 : 0);
  if (role === 'bias') return () => 0;
  const [outputs, , rows, columns] = shape as readonly [number, number, number, number];
  const deviation = Math.sqrt(2 / (outputs * rows * columns));
  return () => deviation * stream.normal();
}
