import type { Graph, Node } from '../../src/graph/graph.js';
import { listParameters, type Parameter } from '../../src/graph/parameters.js';
import type { Network, Weight } from '../../src/graph/weights.js';
import { randomStream } from '../../src/random.js';
import type { ReferenceMaps } from '../../src/reference/network.js';

/** A graph of these nodes, the last of which answers. */
export function sampleGraph(nodes: readonly Node[], input: Partial<Graph['input']> = {}): Graph {
  return {
    name: 'sample',
    input: { name: 'input', channels: 3, height: 8, width: 9, ...input },
    nodes,
    output: nodes.at(-1)?.name ?? '',
  };
}

/** Weights that leave no sum empty and no two channels alike, variances from 0.5 to 2. */
export function randomNetwork(graph: Graph, seed = 1): Network {
  const stream = randomStream(seed, 'sample');
  const draw = ({ role, shape }: Parameter): number => {
    if (role === 'variance') return 0.5 + 1.5 * stream.uniform();
    const terms = shape.slice(1).reduce((product, size) => product * size, 1);
    return stream.normal() / Math.sqrt(role === 'weight' && shape.length > 1 ? terms : 4);
  };
  const weights = listParameters(graph).map((parameter): [string, Weight] => {
    const { name, shape } = parameter;
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [name, { shape, data: Float32Array.from({ length: size }, () => draw(parameter)) }];
  });
  return { graph, weights: new Map(weights) };
}

export function randomImages({ input }: Graph, images: number, seed = 2): ReferenceMaps {
  const stream = randomStream(seed, 'images');
  const { channels, height, width } = input;
  const length = images * channels * height * width;
  return {
    images,
    channels,
    height,
    width,
    data: Float64Array.from({ length }, () => stream.normal()),
  };
}

/** The largest difference of two answers over the largest of the first. */
export function relativeDifference(expected: Float64Array, found: Float64Array): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))) / largest;
}
