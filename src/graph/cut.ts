import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';
import type { Convolution, Graph, Node } from './graph.js';
import { listParameters } from './parameters.js';
import { inferShapes, type Shapes } from './shapes.js';
import type { Unit } from './units.js';
import type { Network, Weight } from './weights.js';

/** What stays of a unit. */
export interface UnitCut {
  readonly unit: Unit;
  /** Indices of the channels kept, one at least, in any order: the order in the network stays. */
  readonly kept: readonly number[];
}

/** What a cut leaves of a graph. */
export interface GraphCut {
  readonly graph: Graph;
  /** By name, the parameters that lose something; all others stay as they are. */
  readonly slices: ReadonlyMap<string, Slice>;
}

/** The indices kept along a parameter's first axis, and along a filter's second: its inputs within a group. */
export interface Slice {
  readonly first: readonly number[];
  readonly second?: readonly number[];
}

/**
 * The smaller network that is left when the other channels of some units are removed: no mask, no
 * zero. Whatever wrote, normalised or read the removed channels goes with them; all other numbers
 * stay as they were.
 *
 * @throws EspalierError `bad-config` when a unit is not of this graph or comes twice, or is left with
 * no channel, one twice or one that it has not.
 */
export function cutNetwork({ graph, weights }: Network, cuts: readonly UnitCut[]): Network {
  const cut = cutGraph(graph, cuts);
  const sliced = [...weights].map(([name, weight]): [string, Weight] => {
    const slice = cut.slices.get(name);
    return [name, slice === undefined ? weight : slicedWeight(weight, slice)];
  });
  return { graph: cut.graph, weights: new Map(sliced) };
}

/**
 * What a cut makes of a graph, and the part of each parameter that it keeps, for those who hold
 * weights in another form.
 *
 * @throws EspalierError as `cutNetwork` does.
 */
export function cutGraph(graph: Graph, cuts: readonly UnitCut[]): GraphCut {
  const shapes = inferShapes(graph);
  const kept = keptChannels(shapes, cuts);
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const slices = new Map<string, Slice>();
  for (const { name, node, role, shape } of listParameters(graph, shapes)) {
    const owner = byName.get(node)!;
    const first = kept.get(node)!;
    const second = role === 'weight' ? keptInputs(owner, shapes, kept) : undefined;
    if (first.length === shape[0] && (second?.length ?? shape[1]) === shape[1]) continue;
    slices.set(name, second === undefined ? { first } : { first, second });
  }
  return {
    graph: { ...graph, nodes: graph.nodes.map((node) => cutNode(node, shapes, kept)) },
    slices,
  };
}

/** For every map the channels that stay, in their order. */
type Kept = ReadonlyMap<string, readonly number[]>;

function keptChannels(shapes: Shapes, cuts: readonly UnitCut[]): Kept {
  const removed = new Map([...shapes.keys()].map((name) => [name, new Set<number>()]));
  const done = new Set<string>();
  for (const { unit, kept } of cuts) {
    checkKept(unit, kept);
    if (done.has(unit.name)) throw refused(unit, 'is cut twice');
    done.add(unit.name);
    const stays = new Set(kept);
    for (const { node, places } of unit.maps) {
      const gone = removed.get(node);
      if (gone === undefined || places.flat().some((c) => c >= shapes.get(node)!.channels)) {
        throw refused(unit, `is not of this graph, whose ${quoted(node)} has no such channels`);
      }
      for (const c of places.filter((_, channel) => !stays.has(channel)).flat()) gone.add(c);
    }
  }
  return new Map(
    [...shapes].map(([name, { channels }]) => [
      name,
      Array.from({ length: channels }, (_, c) => c).filter((c) => !removed.get(name)!.has(c)),
    ]),
  );
}

function checkKept(unit: Unit, kept: readonly number[]): void {
  const unknown = kept.find((c) => !Number.isInteger(c) || c < 0 || c >= unit.channels);
  if (unknown !== undefined) {
    throw refused(unit, `has the channels 0 to ${unit.channels - 1}, no ${unknown} to keep`);
  }
  if (kept.length === 0) throw refused(unit, 'must keep one channel at least');
  if (new Set(kept).size !== kept.length) throw refused(unit, 'is to keep a channel twice');
}

function refused({ name }: Unit, problem: string): EspalierError {
  return new EspalierError('bad-config', `Unit ${quoted(name)} ${problem}.`);
}

function cutNode(node: Node, shapes: Shapes, kept: Kept): Node {
  const outputs = kept.get(node.name)!;
  switch (node.kind) {
    case 'convolution':
      return { ...node, outputs: outputs.length, groups: keptGroups(node, shapes, kept).length };
    case 'linear':
      return { ...node, outputs: outputs.length };
    case 'channel-pad': {
      const end = node.before + shapes.get(node.inputs[0]!)!.channels;
      const before = outputs.filter((c) => c < node.before).length;
      return { ...node, before, after: outputs.filter((c) => c >= end).length };
    }
    default:
      return node;
  }
}

/** The second axis of a filter that stays: inputs of a linear layer, or of each group that is left. */
function keptInputs(node: Node, shapes: Shapes, kept: Kept): readonly number[] | undefined {
  if (node.kind === 'linear') return kept.get(node.inputs[0]!)!;
  return node.kind === 'convolution' ? keptGroups(node, shapes, kept)[0]! : undefined;
}

/**
 * The inputs that each group of a convolution keeps, counted from its first. Groups keep the same
 * ones, or go whole where they have but one (`coupleChannels`).
 */
function keptGroups(
  { inputs, groups }: Convolution,
  shapes: Shapes,
  kept: Kept,
): readonly (readonly number[])[] {
  const [input] = inputs as [string];
  const size = shapes.get(input)!.channels / groups;
  const own = Array.from({ length: groups }, (): number[] => []);
  for (const c of kept.get(input)!) own[Math.floor(c / size)]!.push(c % size);
  return own.filter(({ length }) => length > 0);
}

function slicedWeight({ shape, data }: Weight, { first, second }: Slice): Weight {
  const [, columns = 1, ...rest] = shape;
  const inner = second ?? Array.from({ length: columns }, (_, column) => column);
  const taps = rest.reduce((product, size) => product * size, 1);
  const sliced = new Float32Array(first.length * inner.length * taps);
  let next = 0;
  for (const row of first) {
    for (const column of inner) {
      const start = (row * columns + column) * taps;
      sliced.set(data.subarray(start, start + taps), next);
      next += taps;
    }
  }
  const sizes = shape.length > 1 ? [first.length, inner.length, ...rest] : [first.length];
  return { shape: sizes, data: sliced };
}
