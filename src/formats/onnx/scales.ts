import type { ActivationKind, Node } from '../../graph/graph.js';
import {
  addNode,
  addParameter,
  type Builder,
  constantAt,
  type OnnxValue,
  plainAt,
  type Reading,
  type Rule,
  type ScaledMap,
  shapeOfValue,
} from './builder.js';
import { channelForm } from './filters.js';
import type { ChannelForm, Turn } from './forms.js';

/** Sub of a constant from a map, or of a map from a constant. */
export const subtract: Rule = (reading) =>
  constantAt(reading, 0)
    ? scaledByConstant(reading, 'add', { sign: -1 })
    : scaledByConstant(reading, 'add', { turned: 'negated' });

/** Div of a map by a constant. */
export const divide: Rule = (reading) =>
  constantAt(reading, 0)
    ? undefined
    : scaledByConstant(reading, 'multiply', { turned: 'reciprocal' });

/**
 * What is added to a map or multiplies it, where it is a constant with one number or one a channel:
 * normalisation by mean and deviation, for one. In the graph it is a depthwise filter of one tap that
 * training leaves as it is.
 *
 * @param sign of the map itself.
 */
export function scaledByConstant(
  reading: Reading,
  operation: ScaledMap['operation'],
  { turned, sign = 1 }: { readonly turned?: Turn; readonly sign?: 1 | -1 } = {},
): OnnxValue | undefined {
  const { builder, name } = reading;
  const input = constantAt(reading, 0) ? 0 : 1;
  const value = plainAt(reading, 1 - input);
  if (!value) return undefined;
  const { channels } = shapeOfValue(builder, value);
  const known = channelForm(constantAt(reading, input), value.axes, channels);
  if (!known) return undefined;
  const form: ChannelForm = turned ? { ...known, turned } : known;
  const number = form.kind === 'scalar' ? numberOfConstant(reading, input, turned) : undefined;
  if (operation === 'multiply' && number !== undefined) {
    const activation = hardActivation(reading, value, number);
    if (activation) return activation;
  }
  const taps = [channels, 1, 1, 1] as const;
  const filter =
    operation === 'multiply'
      ? { weight: addParameter(reading, { input, form, shape: taps }) }
      : {
          weight: addFilled(builder, `${name}.sign`, { shape: taps, number: sign }),
          bias: addParameter(reading, { input, form, shape: [channels] }),
        };
  const map = addNode(reading, { ...scaling(channels), name, inputs: [value.map], ...filter });
  if (number !== undefined && sign === 1) {
    builder.scaled.set(map, { map: value.map, operation, number });
  }
  return { ...value, map };
}

/** factor · map + addend, of numbers that the file has not: the map of it. */
export function scaledByNumbers(
  reading: Reading,
  value: OnnxValue,
  { factor, addend }: { readonly factor: number; readonly addend: number },
): string {
  const { builder, name } = reading;
  const { channels } = shapeOfValue(builder, value);
  return addNode(reading, {
    ...scaling(channels),
    name: `${name}.scaled`,
    inputs: [value.map],
    weight: addFilled(builder, `${name}.factor`, { shape: [channels, 1, 1, 1], number: factor }),
    bias: addFilled(builder, `${name}.addend`, { shape: [channels], number: addend }),
  });
}

/** A depthwise filter of one tap that training leaves as it is. */
const scaling = (channels: number) =>
  ({
    kind: 'convolution',
    outputs: channels,
    groups: channels,
    kernel: [1, 1],
    stride: [1, 1],
    padding: { top: 0, left: 0, bottom: 0, right: 0 },
    frozen: true,
  }) as const;

function numberOfConstant(reading: Reading, input: number, turned: Turn | undefined): number {
  const [value = Number.NaN] = constantAt(reading, input)?.numbers() ?? [];
  if (turned === 'negated') return -value;
  return turned === 'reciprocal' ? 1 / value : value;
}

/** A parameter that the file has not, all of one number. */
function addFilled(
  { weights }: Builder,
  name: string,
  { shape, number }: { readonly shape: readonly [number, ...number[]]; readonly number: number },
): string {
  let own = name;
  while (weights.has(own)) own = `${own}_`;
  weights.set(own, { shape, data: new Float32Array(shape[0]).fill(number) });
  return own;
}

/** relu6(x + 3) / 6 and x · relu6(x + 3) / 6, as older exporters spell hard-sigmoid and hard-swish out. */
function hardActivation(reading: Reading, value: OnnxValue, factor: number): OnnxValue | undefined {
  if (Math.abs(factor - 1 / 6) > 1e-6) return undefined;
  const { builder } = reading;
  const shifted = mapBelowRelu6(builder, value.map);
  if (shifted !== undefined) {
    return activationOf(reading, value, { kind: 'hard-sigmoid', from: shifted, to: value.map });
  }
  const product = nodeNamed(builder, value.map);
  if (product?.kind !== 'multiply') return undefined;
  const [one = '', other = ''] = product.inputs;
  for (const [map, gate] of [
    [one, other],
    [other, one],
  ] as const) {
    if (mapBelowRelu6(builder, gate) === map) {
      return activationOf(reading, value, { kind: 'hard-swish', from: map, to: value.map });
    }
  }
  return undefined;
}

/** x · hard-sigmoid(x), in either order. */
export function hardSwishOfProduct(
  reading: Reading,
  [one, other]: readonly [OnnxValue, OnnxValue],
): OnnxValue | undefined {
  const { builder } = reading;
  for (const [value, gate] of [
    [one, other],
    [other, one],
  ] as const) {
    const node = nodeNamed(builder, gate.map);
    const hard = node?.kind === 'activation' && node.activation === 'hard-sigmoid';
    if (hard && node.inputs[0] === value.map) {
      return activationOf(reading, value, { kind: 'hard-swish', from: value.map, to: gate.map });
    }
  }
  return undefined;
}

/** x where a map is relu6(x + 3). */
function mapBelowRelu6(builder: Builder, map: string): string | undefined {
  const node = nodeNamed(builder, map);
  if (node?.kind !== 'activation' || node.activation !== 'relu6') return undefined;
  const shifted = builder.scaled.get(node.inputs[0] ?? '');
  return shifted?.operation === 'add' && shifted.number === 3 ? shifted.map : undefined;
}

/** An activation of the map `from`, in place of nodes that lead from it to `to`. */
function activationOf(
  reading: Reading,
  value: OnnxValue,
  { kind, from, to }: { readonly kind: ActivationKind; readonly from: string; readonly to: string },
): OnnxValue {
  const { builder, name } = reading;
  for (const between of mapsBetween(builder, from, to)) builder.alike.set(between, from);
  const map = addNode(reading, { kind: 'activation', name, inputs: [from], activation: kind });
  return { ...value, map };
}

/** The maps behind `from` that `to` is made of, which has few. */
function mapsBetween(builder: Builder, from: string, to: string): readonly string[] {
  if (from === to) return [];
  const inputs = nodeNamed(builder, to)?.inputs ?? [];
  return [to, ...inputs.flatMap((input) => mapsBetween(builder, from, input))];
}

function nodeNamed({ nodes }: Builder, name: string): Node | undefined {
  return nodes.find((node) => node.name === name);
}
