import type { NodeProto, TensorProto } from 'onnx-buf';
import type { MapShape } from '../../graph/graph.js';
import { escaped, quoted } from '../../text.js';
import {
  addNode,
  type Builder,
  type OnnxAxes,
  type OnnxValue,
  type Reading,
  refused,
  shapeOfValue,
} from './builder.js';
import { type Constant, constantWith, foldNode, type TensorAddress } from './constants.js';
import { readNames, recordedSizes } from './proto.js';
import { ruleOfNode } from './rules.js';
import { hasNumbers, numbersOfTensor, sizesOfTensor } from './tensors.js';

/** Takes up the tensors that a file has beside its nodes. */
export function readInitializers(builder: Builder): void {
  const { proto, constants } = builder;
  proto.initializer.forEach((tensor, at) => {
    constants.set(tensor.name, tensorConstant(builder, tensor, { in: 'initializer', at }));
  });
  for (const { values } of proto.sparseInitializer) {
    if (values) constants.set(values.name, undefined);
  }
}

function tensorConstant(
  { file, external }: Builder,
  tensor: TensorProto,
  address: TensorAddress,
): Constant | undefined {
  if (!hasNumbers(tensor)) return undefined;
  return {
    dims: sizesOfTensor(tensor, file),
    type: tensor.dataType,
    numbers: () => numbersOfTensor(tensor, { file, external }),
    address,
  };
}

function nameOfNode(builder: Builder, node: NodeProto, at: number): string {
  // It comes from a file, and is told in many places.
  const name = escaped(node.name || node.output[0] || `node ${at}`);
  return builder.shapes.has(name) ? `${name} (${at})` : name;
}

/** Networks of whole numbers, which have lost what a refit needs. */
const QUANTISED = /^(QLinear|Quantize|Dequantize|DynamicQuantize|ConvInteger|MatMulInteger)/;

/**
 * Takes up a node of the file: what it gives is a constant, or a map of the graph.
 *
 * @throws EspalierError `bad-network` naming it where it reads what is not there, or does not fit.
 */
export function readNode(builder: Builder, node: NodeProto, at: number): void {
  const reading = { builder, node, at, name: nameOfNode(builder, node, at) };
  const { name } = reading;
  const { values, constants } = builder;
  if (QUANTISED.test(node.opType)) {
    throw refused(
      builder,
      name,
      `is a ${quoted(node.opType)}: prune a network first, and quantise it after`,
    );
  }
  requirePlace(reading);
  const read = readNames(node);
  const [output = ''] = node.output;
  if (!read.some((input) => values.has(input))) {
    for (const other of node.output) constants.set(other, undefined);
    constants.set(output, constantOfNode(reading));
    return;
  }
  const shape = node.opType === 'Shape' ? shapeConstant(reading) : undefined;
  if (shape) {
    constants.set(output, shape);
    return;
  }
  const single = node.output.slice(1).every((other) => !builder.readers.has(other));
  const own = node.domain === '' || node.domain === 'ai.onnx';
  const rule = single && own ? ruleOfNode(node) : undefined;
  const value = rule?.(reading);
  if (value) {
    values.set(output, value);
    return;
  }
  addOpaque(reading, read);
}

/** @throws EspalierError where a node reads what is not there, or gives what is. */
function requirePlace({ builder, node, name }: Reading): void {
  const { values, constants, proto } = builder;
  for (const output of node.output.filter(Boolean)) {
    if (values.has(output) || constants.has(output)) {
      throw refused(builder, name, `gives ${quoted(output)}, which is there already`);
    }
  }
  for (const input of node.input.filter(Boolean)) {
    if (values.has(input) || constants.has(input)) continue;
    const later = proto.node.some(({ output }) => output.includes(input));
    throw refused(
      builder,
      name,
      later
        ? `reads ${quoted(input)}, which stands behind it or depends on it`
        : `reads ${quoted(input)}, which nothing gives`,
    );
  }
}

/** Takes up a node that is not known: each of its outputs is a map of its own. */
function addOpaque(reading: Reading, read: readonly string[]): void {
  const { builder, node, at, name } = reading;
  const { values, readers } = builder;
  const inputs = read.flatMap((input) => values.get(input) ?? []);
  for (const [place, output] of node.output.entries()) {
    if (!output || (place > 0 && !readers.has(output))) continue;
    const { axes, shape } = opaqueValue(reading, output, inputs);
    const map = addNode(reading, {
      kind: 'opaque',
      name: place === 0 ? name : nameOfNode(builder, { ...node, name: output }, at),
      inputs: [...new Set(inputs.map((input) => input.map))],
      operation: node.opType || 'without a name',
      output: shape,
    });
    values.set(output, { map, axes });
  }
}

/** Operations that give what they read in the same shape. */
const SHAPE_KEEPING = new Set(
  'Abs Add Celu Clip Div Elu Erf Exp Gelu HardSigmoid HardSwish InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax Mish Mul Neg PRelu Pow Selu Softmax Softplus Softsign Sqrt Sub Tanh ThresholdedRelu'.split(
    ' ',
  ),
);

/**
 * What is known of a value that an unknown node gives: the shape that the file records, or that of what
 * it reads.
 */
function opaqueValue(
  { builder, node, name }: Reading,
  output: string,
  inputs: readonly OnnxValue[],
): { readonly axes: OnnxAxes | undefined; readonly shape: MapShape } {
  const [first] = inputs;
  const info = builder.proto.valueInfo.find((own) => own.name === output);
  const sizes = info && recordedSizes(info)?.slice(1);
  if (sizes?.every((size) => size !== undefined && size >= 1)) {
    const own = sizes as number[];
    if (own.length === 1) return { axes: 'NC', shape: mapShape(own) };
    if (own.length === 3 && first?.axes === 'NHWC') {
      return { axes: 'NHWC', shape: mapShape([own[2], own[0], own[1]]) };
    }
    if (own.length === 3) return { axes: 'NCHW', shape: mapShape(own) };
    return { axes: undefined, shape: mapShape([own.reduce((all, size) => all * size, 1)]) };
  }
  const plain = inputs.length === 1 && first && !first.padding && !first.positions;
  const { channels = 0 } = first ? shapeOfValue(builder, first) : {};
  // A constant with more numbers than channels may have made the map larger.
  const small = node.input.every((input) => {
    const dims = builder.constants.get(input)?.dims ?? [];
    return dims.reduce((all, size) => all * size, 1) <= channels;
  });
  if (plain && small && SHAPE_KEEPING.has(node.opType)) {
    return { axes: first.axes, shape: shapeOfValue(builder, first) };
  }
  throw refused(
    builder,
    name,
    `is a ${quoted(node.opType)} in a form that is not known here, and the file does not record the shape of what it gives: record shapes with onnx.shape_inference.infer_shapes`,
  );
}

function mapShape([channels = 1, height = 1, width = 1]: readonly (
  | number
  | undefined
)[]): MapShape {
  return { channels, height, width };
}

function constantOfNode({ builder, node, at }: Reading): Constant | undefined {
  const { constants } = builder;
  if (node.opType !== 'Constant') {
    return foldNode(
      node,
      node.input.map((input) => constants.get(input)),
    );
  }
  const attribute = node.attribute.findIndex(({ name }) => name.startsWith('value'));
  const found = node.attribute[attribute];
  switch (found?.name) {
    case 'value':
      return found.t && tensorConstant(builder, found.t, { in: 'node', at, attribute });
    case 'value_float':
      return constantWith(FLOAT, [], Float32Array.of(found.f));
    case 'value_floats':
      return constantWith(FLOAT, [found.floats.length], Float32Array.from(found.floats));
    case 'value_int':
      return constantWith(INT64, [], [Number(found.i)]);
    case 'value_ints':
      return constantWith(INT64, [found.ints.length], found.ints.map(Number));
    default:
      return undefined;
  }
}

/** Types by their numbers in ONNX. */
const [FLOAT, INT64] = [1, 7];

/** What Shape gives: NaN for the number of images. */
function shapeConstant({ builder, node }: Reading): Constant | undefined {
  const value = builder.values.get(node.input[0] ?? '');
  if (!value?.axes || value.padding || node.attribute.length > 0) return undefined;
  const { channels, height, width } = shapeOfValue(builder, value);
  const sizes: Readonly<Record<string, number>> = {
    N: Number.NaN,
    C: channels,
    H: height,
    W: width,
  };
  return constantWith(
    INT64,
    [value.axes.length],
    [...value.axes].map((axis) => sizes[axis] as number),
    true,
  );
}
