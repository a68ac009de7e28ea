import { quoted } from '../text.js';
import type { Graph, MapShape, Node } from './graph.js';
import { inferShapes, refused, type Shapes } from './shapes.js';

/** One named tensor of a node. */
export interface Parameter {
  readonly name: string;
  readonly node: string;
  readonly role: 'weight' | 'bias' | 'mean' | 'variance';
  readonly shape: readonly number[];
}

/**
 * Every parameter of a graph with the shape that it must have, node by node.
 *
 * @throws EspalierError `bad-network` when the graph does not fit together (`inferShapes`), or two
 * nodes share a parameter, which training and pruning would have to change in step.
 */
export function listParameters(graph: Graph, shapes: Shapes = inferShapes(graph)): Parameter[] {
  const owners = new Map<string, Node>();
  return graph.nodes.flatMap((node) => {
    const [input] = node.inputs.map((name) => shapes.get(name));
    const own = input === undefined ? [] : nodeParameters(node, input);
    for (const { name } of own) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        throw refused(
          node,
          `has the parameter ${quoted(name)}, as ${quoted(owner.name)} has: give each a copy of its own`,
        );
      }
      owners.set(name, node);
    }
    return own;
  });
}

/** The parameters of one node that reads maps of this shape; running statistics come last. */
function nodeParameters(node: Node, input: MapShape): Parameter[] {
  switch (node.kind) {
    case 'convolution':
      return filtersAndBias(node, [node.outputs, input.channels / node.groups, ...node.kernel]);
    case 'linear':
      return filtersAndBias(node, [node.outputs, input.channels]);
    case 'batch-norm':
      return (['weight', 'bias', 'mean', 'variance'] as const).map((role) => ({
        name: node[role],
        node: node.name,
        role,
        shape: [input.channels],
      }));
    default:
      return [];
  }
}

function filtersAndBias(
  node: Extract<Node, { readonly weight: string; readonly outputs: number }>,
  shape: readonly number[],
): Parameter[] {
  const weight: Parameter = { name: node.weight, node: node.name, role: 'weight', shape };
  if (node.bias === undefined) return [weight];
  return [weight, { name: node.bias, node: node.name, role: 'bias', shape: [node.outputs] }];
}
