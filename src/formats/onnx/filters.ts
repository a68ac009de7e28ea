import type { Convolution, Linear } from '../../graph/graph.js';
import { floatAttribute, wholeAttribute } from './attributes.js';
import {
  addNode,
  addParameter,
  constantAt,
  type OnnxValue,
  type PlainValue,
  plainAt,
  type Reading,
  type Rule,
  refused,
  shapeOfValue,
  valueAt,
} from './builder.js';
import type { Constant } from './constants.js';
import type { ChannelForm } from './forms.js';
import { isFloating } from './tensors.js';
import { addPadding, paddedShape, windowOfNode } from './windows.js';

/** Conv: filters [outputs, channels / groups, rows, columns], and a bias where there is one. */
export const convolution: Rule = (reading) => {
  const { builder, node, name } = reading;
  const [value, weight] = [valueAt(reading, 0), constantAt(reading, 1)];
  if (value?.axes !== 'NCHW' || !isWeight(weight, 4)) return undefined;
  const shape = shapeOfValue(builder, value);
  const [outputs = 0, inputs = 0, ...kernel] = weight.dims;
  const window = windowOfNode(node, paddedShape(shape, value.padding), kernel);
  const groups = wholeAttribute(node, 'group', 1);
  const biased = Boolean(node.input[2]);
  if (!window || (biased && !isVector(constantAt(reading, 2), outputs))) return undefined;
  if (inputs * groups !== shape.channels) {
    throw refused(
      builder,
      name,
      `has filters for ${inputs} × ${groups} channels, and reads ${shape.channels}`,
    );
  }
  const map = addNode(reading, {
    kind: 'convolution',
    name,
    inputs: [value.map],
    weight: addParameter(reading, { input: 1, form: { kind: 'same' }, shape: weight.dims }),
    ...(biased && { bias: addBias(reading, 2, outputs) }),
    outputs,
    groups,
    ...window,
    padding: addPadding(window.padding, value.padding),
  });
  return { map, axes: 'NCHW' };
};

/** Gemm: α x W + β c with α and β of 1, W a constant either way round. */
export const gemm: Rule = (reading) => {
  const { node } = reading;
  const factors = ['alpha', 'beta'].map((name) => floatAttribute(node, name, 1));
  if (factors.some((factor) => factor !== 1) || wholeAttribute(node, 'transA', 0) !== 0) {
    return undefined;
  }
  return linear(reading, wholeAttribute(node, 'transB', 0) === 0);
};

/** MatMul with a constant matrix behind. */
export const matmul: Rule = (reading) => linear(reading, true);

function linear(reading: Reading, transposed: boolean): OnnxValue | undefined {
  const { builder, node, name } = reading;
  const [value, weight] = [valueAt(reading, 0), constantAt(reading, 1)];
  if (value?.axes !== 'NC' || !isWeight(weight, 2)) return undefined;
  const shape = (transposed ? weight.dims.toReversed() : weight.dims) as [number, number];
  const [outputs, inputs] = shape;
  const { channels } = shapeOfValue(builder, value);
  const biased = Boolean(node.input[2]);
  if (biased && !channelForm(constantAt(reading, 2), 'NC', outputs)) return undefined;
  if (inputs !== channels) {
    throw refused(builder, name, `has a matrix for ${inputs} values, and reads ${channels}`);
  }
  const { positions = 1 } = value;
  const map = addNode(reading, {
    kind: 'linear',
    name,
    inputs: [value.map],
    weight: addParameter(reading, {
      input: 1,
      form: { kind: 'matrix', transposed, positions },
      shape,
    }),
    ...(biased && { bias: addBias(reading, 2, outputs) }),
    outputs,
  });
  return { map, axes: 'NC' };
}

/**
 * Add of a constant, one number a channel, to what a filter without a bias gives to nobody else: its
 * bias.
 */
export function biasOfFilter(reading: Reading): OnnxValue | undefined {
  const { builder, node, at } = reading;
  const constantInput = constantAt(reading, 0) ? 0 : 1;
  const value = plainAt(reading, 1 - constantInput);
  const place = builder.nodes.findIndex(({ name }) => name === value?.map);
  const filter = builder.nodes[place];
  if (!value || !filter || !isFilter(filter) || filter.bias !== undefined) return undefined;
  const source = builder.sources.get(filter.name) as number;
  const direct = builder.proto.node[source]?.output[0] === node.input[1 - constantInput];
  const read = builder.readers.get(node.input[1 - constantInput] ?? '') ?? 0;
  const form = channelForm(constantAt(reading, constantInput), value.axes, filter.outputs);
  if (!direct || read !== 1 || !form) return undefined;
  const bias = addParameter(
    { ...reading, at },
    { input: constantInput, form, shape: [filter.outputs] },
  );
  builder.nodes[place] = { ...filter, bias };
  return value;
}

function isFilter(node: { readonly kind: string }): node is Convolution | Linear {
  return node.kind === 'convolution' || node.kind === 'linear';
}

function addBias(reading: Reading, input: number, outputs: number): string {
  const form = channelForm(constantAt(reading, input), 'NC', outputs) as ChannelForm;
  return addParameter(reading, { input, form, shape: [outputs] });
}

/** How one number a channel lies in a constant that meets a value with such axes. */
export function channelForm(
  constant: Constant | undefined,
  axes: PlainValue['axes'],
  channels: number,
): ChannelForm | undefined {
  if (!constant || !isFloating(constant.type)) return undefined;
  const { dims } = constant;
  const rank = dims.length;
  const trailing = axes.length - 1 - axes.indexOf('C');
  const axis = rank - 1 - trailing;
  const others = dims.every((size, own) => own === axis || size === 1);
  if (rank > axes.length || !others) return undefined;
  if (axis >= 0 && dims[axis] === channels) return { kind: 'vector', rank, axis };
  return axis < 0 || dims[axis] === 1 ? { kind: 'scalar', dims, trailing } : undefined;
}

/** Whether a constant has one number a channel and no other axis. */
export function isVector(constant: Constant | undefined, channels: number): boolean {
  return isWeight(constant, 1) && constant.dims[0] === channels;
}

function isWeight(constant: Constant | undefined, rank: number): constant is Constant {
  return constant !== undefined && isFloating(constant.type) && constant.dims.length === rank;
}
