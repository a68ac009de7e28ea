import type { Graph } from '../graph/graph.js';
import type { Network, Weight } from '../graph/weights.js';

/** The tensors that magnitude pruning looks at: weights of convolutions and of linear layers that are trained. */
function prunedTensors({ graph, weights }: Network): readonly (readonly [string, Weight])[] {
  return namesOfFilters(graph).map((name) => {
    const tensor = weights.get(name);
    if (!tensor) throw new RangeError(`There is no tensor "${name}".`);
    return [name, tensor];
  });
}

function namesOfFilters({ nodes }: Graph): readonly string[] {
  return nodes.flatMap((node) => {
    const trained = node.kind === 'convolution' ? node.frozen !== true : node.kind === 'linear';
    return trained && 'weight' in node ? [node.weight] : [];
  });
}

/** How many weights magnitude pruning may zero: those of convolutions and linear layers. */
export function countPrunableWeights(network: Network): number {
  return prunedTensors(network).reduce((sum, [, { data }]) => sum + data.length, 0);
}

/**
 * Magnitude pruning: the network with so many of its weights zeroed, those of least |w| over all
 * convolutions and linear layers. Biases and batch norms stay. Of equal ones the first go. The tensors that
 * are given are left as they are.
 *
 * @throws RangeError for more weights than there are.
 */
export function zeroSmallestWeights(network: Network, count: number): Network {
  const tensors = prunedTensors(network);
  const total = countPrunableWeights(network);
  if (!(count >= 0 && count <= total)) {
    throw new RangeError(`Of ${total} weights ${count} cannot be zeroed.`);
  }
  if (count === 0) return network;
  const magnitudes = new Float32Array(total);
  let at = 0;
  for (const [, { data }] of tensors) for (const w of data) magnitudes[at++] = Math.abs(w);
  magnitudes.sort();
  const bound = magnitudes[count - 1] as number;
  // Those at the bound that go too, when all below it have gone.
  let equal = count - magnitudes.indexOf(bound);
  const zeroed = tensors.map(([name, { shape, data }]): [string, Weight] => {
    const left = data.map((w) => {
      const magnitude = Math.abs(w);
      return magnitude < bound || (magnitude === bound && equal-- > 0) ? 0 : w;
    });
    return [name, { shape, data: left }];
  });
  return { graph: network.graph, weights: new Map([...network.weights, ...zeroed]) };
}
