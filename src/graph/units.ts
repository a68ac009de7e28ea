import { plural } from '../text.js';
import { type CoupledChannels, coupleChannels } from './channels.js';
import type { Convolution, Graph, Linear, Node } from './graph.js';
import { inferShapes, type Shapes } from './shapes.js';

/**
 * Channels that can be removed one by one. Channel i of a unit is all that is coupled with it: filters
 * that write it, their biases and batch norms, depthwise filters on the way, sums of a residual
 * stream, and the weights of the consumers that read it.
 */
export interface Unit {
  /** The first filter that writes it; ` (2)` and so on behind it where that filter writes several units. */
  readonly name: string;
  /** `stream` when a residual sum couples it, `inner` otherwise. */
  readonly kind: 'inner' | 'stream';
  /** C. */
  readonly channels: number;
  /** The maps that hold its channels, in the graph's order. */
  readonly maps: readonly UnitMap[];
  /** Convolutions and linear layers that make its channels from others; no depthwise ones. */
  readonly writers: readonly string[];
  readonly consumers: readonly Consumer[];
  /**
   * How many channels stay at least, where it is more than one: with a single input a group, a convolution
   * that reads them in groups would keep channels apart, and those that it makes would be coupled otherwise.
   */
  readonly least?: number;
}

export interface UnitMap {
  /** The node that gives the map. */
  readonly node: string;
  /** Which of the map's channels the unit's channel i is: several behind a flattening, or of groups. */
  readonly places: readonly (readonly number[])[];
}

/** A convolution or linear layer that makes other channels from the unit's. */
export interface Consumer {
  readonly node: string;
  /** The map of the unit that it reads. */
  readonly input: string;
  /** g: how many inputs of one filter a channel is, taps times positions in what the filter reads. */
  readonly rows: number;
}

/** Channels of a filter that cannot be removed. */
export interface Uncuttable {
  readonly node: string;
  readonly channels: number;
  /**
   * Why: they are the network's answers, they go with the channels of the images, or with what an
   * operation reads or gives that is not known here, or there is only one.
   */
  readonly reason: 'answers' | 'images' | 'opaque' | 'single';
}

/** All channels of a graph: those that can be removed, and those that cannot. */
export interface GraphUnits {
  /** In the order of their first writers. */
  readonly units: readonly Unit[];
  /** In the graph's order. */
  readonly uncuttable: readonly Uncuttable[];
}

/**
 * Which channels of a graph can be removed, and what goes with each.
 *
 * @throws EspalierError `bad-network` when the graph does not fit together.
 */
export function findUnits(graph: Graph): GraphUnits {
  const shapes = inferShapes(graph);
  const filters = graph.nodes.filter((node): node is Filter => isFilter(node, shapes));
  const answers: CoupledChannels[] = [];
  const images: CoupledChannels[] = [];
  const opaque: CoupledChannels[] = [];
  const unknown = graph.nodes.filter(({ kind }) => kind === 'opaque');
  const fixed = new Set(unknown.flatMap(({ name, inputs }) => [name, ...inputs]));
  const alike = new Map<string, CoupledChannels[]>();
  for (const coupled of coupleChannels(graph, shapes)) {
    if (coupled.has(graph.output)) answers.push(coupled);
    else if (coupled.has(graph.input.name)) images.push(coupled);
    else if ([...coupled.keys()].some((map) => fixed.has(map))) opaque.push(coupled);
    else {
      const key = JSON.stringify([...coupled].map(([map, channels]) => [map, channels.length]));
      const others = alike.get(key);
      if (others === undefined) alike.set(key, [coupled]);
      else others.push(coupled);
    }
  }
  const names = new Set<string>();
  // Units of one channel are counted too, so that a cut down to one channel renames no other unit.
  const units = [...alike.values()].map((channels) =>
    unitOfChannels({ graph, filters, channels, names }),
  );
  const single = [...alike.values()].filter(({ length }) => length === 1).flat();
  return {
    units: units.filter(({ channels }) => channels > 1),
    uncuttable: filters.flatMap(({ name }) => [
      ...uncuttableChannels(name, answers, 'answers'),
      ...uncuttableChannels(name, images, 'images'),
      ...uncuttableChannels(name, opaque, 'opaque'),
      ...uncuttableChannels(name, single, 'single'),
    ]),
  };
}

/** `fc: 10 channels of the network's answers` */
export function uncuttableText({ node, channels, reason }: Uncuttable): string {
  const counted = plural(channels, 'channel');
  switch (reason) {
    case 'answers':
      return `${node}: ${counted} of the network's answers`;
    case 'images':
      return `${node}: ${counted} tied to those of the images`;
    case 'opaque':
      return `${node}: ${counted} tied to an operation that is not known here`;
    case 'single':
      return `${node}: ${counted} without another like it`;
  }
}

type Filter = Convolution | Linear;

/** Whether a node makes channels from others; a depthwise convolution keeps them apart. */
function isFilter(node: Node, shapes: Shapes): node is Filter {
  if (node.kind !== 'convolution') return node.kind === 'linear';
  return node.groups === 1 || node.groups < shapes.get(node.inputs[0]!)!.channels;
}

function uncuttableChannels(
  node: string,
  sets: readonly CoupledChannels[],
  reason: Uncuttable['reason'],
): Uncuttable[] {
  const channels = sets.reduce((sum, coupled) => sum + (coupled.get(node)?.length ?? 0), 0);
  return channels > 0 ? [{ node, channels, reason }] : [];
}

interface UnitParts {
  readonly graph: Graph;
  readonly filters: readonly Filter[];
  /** One a channel, all in the same maps. */
  readonly channels: readonly CoupledChannels[];
  /** Taken already; the unit's own is added. */
  readonly names: Set<string>;
}

function unitOfChannels({ graph, filters, channels, names }: UnitParts): Unit {
  const first = channels[0]!;
  const writers = filters.map(({ name }) => name).filter((name) => first.has(name));
  const writer = writers[0] ?? [...first.keys()][0]!;
  let name = writer;
  for (let use = 2; names.has(name); use++) name = `${writer} (${use})`;
  names.add(name);
  const sums = graph.nodes.filter(({ kind, name }) => kind === 'add' && first.has(name));
  const consumers = filters.flatMap((filter) => {
    const input = filter.inputs[0]!;
    const places = first.get(input)?.length;
    if (places === undefined) return [];
    const [taps, groups] =
      filter.kind === 'linear' ? [1, 1] : [filter.kernel[0] * filter.kernel[1], filter.groups];
    // Each group reads as many of them (`coupleChannels`).
    const inGroup = places / groups;
    const consumer: Consumer = { node: filter.name, input, rows: inGroup * taps };
    return [{ consumer, isLast: groups > 1 && inGroup === 1 }];
  });
  return {
    name,
    kind: sums.length > 0 ? 'stream' : 'inner',
    channels: channels.length,
    maps: [...first.keys()].map((node) => ({
      node,
      places: channels.map((coupled) => coupled.get(node)!),
    })),
    writers,
    consumers: consumers.map(({ consumer }) => consumer),
    ...(consumers.some(({ isLast }) => isLast) && { least: 2 }),
  };
}
