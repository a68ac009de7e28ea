import type { Graph, Node } from './graph.js';
import { inferShapes, type Shapes } from './shapes.js';
import type { Unit } from './units.js';

/** What a network costs, as `summarise` counts it. */
export interface NetworkCost {
  readonly multiplyAdds: number;
  readonly parameters: number;
}

/**
 * What the network costs with so many channels of each unit kept, whichever they are: the counts of
 * `summarise` for what `cutGraph` would leave, from a few products a node. A search asks often.
 */
export function costOfKept(
  graph: Graph,
  units: readonly Unit[],
): (kept: readonly number[]) => NetworkCost {
  const shapes = inferShapes(graph);
  const counts = channelCounts(shapes, units);
  const costs = graph.nodes.flatMap((node) => costOfNode(node, shapes, counts) ?? []);
  return (kept) => {
    let multiplyAdds = 0;
    let parameters = 0;
    for (const cost of costs) {
      const own = cost(kept);
      multiplyAdds += own.multiplyAdds;
      parameters += own.parameters;
    }
    return { multiplyAdds, parameters };
  };
}

/** How many channels a map has left. */
type ChannelCount = (kept: readonly number[]) => number;

function channelCounts(shapes: Shapes, units: readonly Unit[]): ReadonlyMap<string, ChannelCount> {
  const shares = new Map<string, { readonly unit: number; readonly each: number }[]>();
  units.forEach(({ maps }, unit) => {
    for (const { node, places } of maps) {
      const own = shares.get(node) ?? [];
      own.push({ unit, each: places[0]?.length ?? 0 });
      shares.set(node, own);
    }
  });
  return new Map(
    [...shapes].map(([name, { channels }]) => {
      const own = shares.get(name) ?? [];
      const fixed = own.reduce(
        (rest, { unit, each }) => rest - each * (units[unit]?.channels ?? 0),
        channels,
      );
      const count: ChannelCount = (kept) => {
        let sum = fixed;
        for (const { unit, each } of own) sum += each * (kept[unit] as number);
        return sum;
      };
      return [name, count];
    }),
  );
}

function costOfNode(
  node: Node,
  shapes: Shapes,
  counts: ReadonlyMap<string, ChannelCount>,
): ((kept: readonly number[]) => NetworkCost) | undefined {
  const source = node.inputs[0] as string;
  const inputs = counts.get(source) as ChannelCount;
  const outputs = counts.get(node.name) as ChannelCount;
  const { height, width } = shapes.get(node.name) as { height: number; width: number };
  switch (node.kind) {
    case 'convolution':
    case 'linear': {
      const [groups, taps] =
        node.kind === 'linear' ? [1, 1] : [node.groups, node.kernel[0] * node.kernel[1]];
      const each = (shapes.get(source)?.channels ?? 0) / groups;
      const bias = node.bias === undefined ? 0 : 1;
      return (kept) => {
        const out = outputs(kept);
        // A group of one input goes whole.
        const read = each === 1 ? 1 : inputs(kept) / groups;
        const weights = out * read * taps;
        return { multiplyAdds: weights * height * width, parameters: weights + bias * out };
      };
    }
    case 'batch-norm':
      return (kept) => ({ multiplyAdds: 0, parameters: 2 * outputs(kept) });
    default:
      return undefined;
  }
}
