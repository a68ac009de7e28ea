import type { Graph, Node } from './graph.js';
import type { Shapes } from './shapes.js';

/**
 * Channels that can only be removed together: for each map, by its name, which of its channels. A
 * channel of a sum goes with the channels that are added up. Behind a flattening a channel is
 * several values of a vector.
 */
export type CoupledChannels = ReadonlyMap<string, readonly number[]>;

/**
 * Puts every channel of every map, the graph's input included, into one of these sets. Filters
 * separate channels. Everything else couples them:
 *
 * - what works channel by channel (batch norm, activation, pool, slice, sum, gate) couples a
 *   channel with the same one before it; a concatenation and a channel pad do so with an offset; a
 *   flattening couples it with all of its positions;
 * - a depthwise filter couples its input with its outputs;
 * - a convolution in groups couples the j-th inputs of all groups, and the j-th outputs of all
 *   groups, so that the groups stay alike.
 */
export function coupleChannels(graph: Graph, shapes: Shapes): CoupledChannels[] {
  const starts = new Map<string, number>();
  let total = 0;
  for (const [name, { channels }] of shapes) {
    starts.set(name, total);
    total += channels;
  }
  const parents = Uint32Array.from({ length: total }, (_, index) => index);
  const join: Join = (one, channel, other, otherChannel) => {
    const roots = [
      groupRoot(parents, starts.get(one)! + channel),
      groupRoot(parents, starts.get(other)! + otherChannel),
    ] as const;
    parents[Math.max(...roots)] = Math.min(...roots);
  };
  for (const node of graph.nodes) coupleNode(node, shapes, join);
  const sets = new Map<number, Map<string, number[]>>();
  for (const [name, { channels }] of shapes) {
    for (let channel = 0; channel < channels; channel++) {
      const root = groupRoot(parents, starts.get(name)! + channel);
      const set = sets.get(root) ?? new Map<string, number[]>();
      sets.set(root, set);
      const own = set.get(name);
      if (own === undefined) set.set(name, [channel]);
      else own.push(channel);
    }
  }
  return [...sets.values()];
}

/** Couples a channel of one map with a channel of another. */
type Join = (one: string, channel: number, other: string, otherChannel: number) => void;

function coupleNode(node: Node, shapes: Shapes, join: Join): void {
  const { name } = node;
  const first = node.inputs[0]!;
  const channels = shapes.get(first)!.channels;
  switch (node.kind) {
    case 'convolution': {
      if (node.groups === 1) return;
      const [inputs, outputs] = [channels / node.groups, node.outputs / node.groups];
      if (inputs === 1) {
        for (let o = 0; o < node.outputs; o++) join(name, o, first, Math.floor(o / outputs));
        return;
      }
      for (let c = inputs; c < channels; c++) join(first, c, first, c % inputs);
      for (let o = outputs; o < node.outputs; o++) join(name, o, name, o % outputs);
      return;
    }
    case 'linear':
    case 'opaque':
      return;
    case 'concatenation': {
      let start = 0;
      for (const input of node.inputs) {
        const own = shapes.get(input)!.channels;
        for (let c = 0; c < own; c++) join(name, start + c, input, c);
        start += own;
      }
      return;
    }
    case 'channel-pad':
      for (let c = 0; c < channels; c++) join(name, node.before + c, first, c);
      return;
    case 'flatten': {
      const { height, width } = shapes.get(first)!;
      const positions = height * width;
      for (let c = 0; c < channels * positions; c++)
        join(name, c, first, Math.floor(c / positions));
      return;
    }
    default:
      for (const input of node.inputs) {
        for (let c = 0; c < channels; c++) join(name, c, input, c);
      }
  }
}

/** The least index of the set that an index is in. Halves the path to it on the way. */
function groupRoot(parents: Uint32Array, index: number): number {
  let at = index;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!;
    at = parents[at]!;
  }
  return at;
}
