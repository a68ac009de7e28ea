import { mapBehindFlattening } from '../../../graph/flattening.js';
import type { Convolution, Graph, Linear, Node } from '../../../graph/graph.js';
import type { Shapes } from '../../../graph/shapes.js';
import type { Consumer, Unit } from '../../../graph/units.js';
import type { Network, Weights } from '../../../graph/weights.js';
import { type Extent, type Window, windowPositions } from '../../../kernels/window.js';
import {
  type PositionPlan,
  type PositionRequest,
  planPositions,
} from '../../../prune/channels/positions.js';

/**
 * How a consumer of a unit reads it, and what its answer is held against. A convolution in groups is as
 * many consumers, each of some channels of the map, with filters of its own.
 */
export interface Reading extends Window {
  readonly node: string;
  /** Name of its weight [O, channels, taps]. */
  readonly weight: string;
  /** Which of the node's groups it is, and of how many. */
  readonly group: { readonly index: number; readonly of: number };
  /** O of the group. */
  readonly outputs: number;
  /** The map that it reads; a linear layer behind a flattening reads the map before that. */
  readonly input: string;
  /** The sum behind a block, before its activation, or the consumer's own. */
  readonly target: string;
  /** Which of the channels that the group reads the unit's channel i is. */
  readonly places: readonly (readonly number[])[];
}

/**
 * How each consumer of a unit reads it.
 *
 * @param unit of this graph, which is in inference form.
 */
export function readingsOfUnit(graph: Graph, shapes: Shapes, unit: Unit): readonly Reading[] {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const mapBehind = mapBehindFlattening(graph);
  return unit.consumers.flatMap((consumer: Consumer): readonly Reading[] => {
    const node = byName.get(consumer.node) as Convolution | Linear;
    const input = mapBehind(consumer.input);
    const places = unit.maps.find((map) => map.node === input)?.places ?? [];
    const groups = node.kind === 'convolution' ? node.groups : 1;
    const inputs = (shapes.get(input)?.channels ?? 0) / groups;
    const whole = {
      node: node.name,
      weight: node.weight,
      outputs: node.outputs / groups,
      input,
      target: targetOfConsumer(graph, node.name, unit),
      ...windowOfNode(node, shapes, input),
    };
    return Array.from({ length: groups }, (_, index) => ({
      ...whole,
      group: { index, of: groups },
      places: places.map((own) =>
        own.map((place) => place - index * inputs).filter((at) => at >= 0 && at < inputs),
      ),
    }));
  });
}

/** Which of a consumer's output positions are summed, of all where it reads a map of that extent. */
export function planReading(
  reading: Reading,
  map: Extent,
  sampled: Omit<PositionRequest, 'purpose'>,
): PositionPlan {
  const extent = windowPositions(reading, map);
  return planPositions(reading, extent, { ...sampled, purpose: reading.node });
}

function windowOfNode(node: Convolution | Linear, shapes: Shapes, input: string): Window {
  if (node.kind === 'convolution') {
    const { kernel, stride, padding } = node;
    return { kernel, stride, padding };
  }
  const { height = 1, width = 1 } = shapes.get(input) ?? {};
  const padding = { top: 0, left: 0, bottom: 0, right: 0 };
  return { kernel: [height, width], stride: [1, 1], padding };
}

/**
 * The node whose map should stay as it was: the sum that alone reads the consumer, so that what the
 * other addends have lost is made good here too. Where another addend depends on the unit itself it
 * is the consumer, each to its own.
 */
function targetOfConsumer({ nodes, output }: Graph, consumer: string, unit: Unit): string {
  const readers = nodes.filter(({ inputs }) => inputs.includes(consumer));
  const [sum] = readers;
  if (sum?.kind !== 'add' || readers.length > 1 || consumer === output) return consumer;
  const touched = new Set(unit.maps.map(({ node }) => node));
  for (const node of nodes) {
    if (node.name === consumer) continue;
    if (node.inputs.some((name) => touched.has(name))) touched.add(node.name);
  }
  return sum.inputs.some((name) => name !== consumer && touched.has(name)) ? consumer : sum.name;
}

/** A consumer's weights W [rows · taps × O], as its patches have their columns. */
export function weightsByRow(weights: Weights, { weight, outputs, group }: Reading): Float64Array {
  const all = weights.get(weight)?.data ?? new Float32Array();
  const size = all.length / group.of;
  const data = all.subarray(group.index * size, (group.index + 1) * size);
  const rows = data.length / outputs;
  const turned = new Float64Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let row = 0; row < rows; row++) {
      turned[row * outputs + o] = data[o * rows + row] as number;
    }
  }
  return turned;
}

/**
 * The network with a consumer's weights replaced; the others stay.
 *
 * @param byRow W of the folded network, as `weightsByRow` gives it.
 * @param scales what folding multiplies the filter's outputs by (`foldScales`): the weights are those
 *   before it. An output that folding silences has no weights to find.
 */
export function withWeights(
  { graph, weights }: Network,
  { weight, outputs, group }: Reading,
  byRow: Float64Array,
  scales: Float64Array | undefined,
): Network {
  const old = weights.get(weight);
  if (!old) throw new RangeError(`There is no tensor "${weight}".`);
  const rows = byRow.length / outputs;
  const data = Float32Array.from(old.data);
  const first = group.index * outputs;
  for (let o = 0; o < outputs; o++) {
    const scale = scales?.[first + o] ?? 1;
    for (let row = 0; row < rows; row++) {
      const value = scale === 0 ? 0 : (byRow[row * outputs + o] as number) / scale;
      data[(first + o) * rows + row] = value;
    }
  }
  return { graph, weights: new Map(weights).set(weight, { shape: old.shape, data }) };
}

/** Index of the first node that makes the unit's channels. */
export function positionOfUnit({ nodes }: Graph, unit: Unit): number {
  const own = new Set(unit.maps.map(({ node }) => node));
  return nodes.findIndex(({ name }: Node) => own.has(name));
}
