import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { ActivationKind, Node, Padding } from '../../graph/graph.js';
import { requireRunnable } from '../../graph/runnable.js';
import { inferShapes, type Shapes } from '../../graph/shapes.js';
import type { Network } from '../../graph/weights.js';

/** Versions of the format and of its operators: the oldest that have all that a graph has. */
const [FORMAT, OPERATORS] = [7n, 14n];

/**
 * A network as an ONNX file of its own: images [n, channels, height, width] in, a row of answers an image
 * out. Nodes and tensors have the names that they have in the graph.
 *
 * @throws EspalierError `bad-network` where it has nodes that are not known here.
 */
export function exportOnnx({ graph, weights }: Network): Uint8Array<ArrayBuffer> {
  const { name, input, nodes, output } = graph;
  requireRunnable(nodes);
  const shapes = inferShapes(graph);
  const file: Export = { shapes, nodes: [], tensors: [], vectors: new Set() };
  for (const [own, { shape, data }] of weights) addFloats(file, own, shape, data);
  for (const node of nodes) exportNode(file, node);
  const answers = asVector(file, output);
  const { channels, height, width } = input;
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: FORMAT,
      producerName: 'espalier',
      opsetImport: [create(OperatorSetIdProtoSchema, { version: OPERATORS })],
      graph: create(GraphProtoSchema, {
        name,
        node: file.nodes,
        initializer: file.tensors,
        input: [described(input.name, [channels, height, width])],
        output: [described(answers, [shapes.get(output)?.channels ?? 0])],
      }),
    }),
  );
}

/** A file under construction. */
interface Export {
  readonly shapes: Shapes;
  readonly nodes: NodeProto[];
  readonly tensors: TensorProto[];
  /** The values that have no rows and columns. */
  readonly vectors: Set<string>;
}

type Attributes = Readonly<Record<string, number | readonly number[]>>;

function exportNode(file: Export, node: Exclude<Node, { readonly kind: 'opaque' }>): void {
  const { name, inputs } = node;
  const [source = ''] = inputs;
  const add = (opType: string, from: readonly string[], attributes: Attributes = {}) =>
    addNode(file, { opType, from, to: name, attributes });
  if (inputs.every((own) => file.vectors.has(own))) file.vectors.add(name);
  switch (node.kind) {
    case 'convolution': {
      const { weight, bias, kernel, stride, padding, groups } = node;
      const windows = { kernel_shape: kernel, strides: stride, pads: padsOfWindow(padding) };
      add('Conv', [source, weight, ...(bias ? [bias] : [])], { ...windows, group: groups });
      return;
    }
    case 'linear': {
      const { weight, bias } = node;
      const from = asVector(file, source);
      file.vectors.add(name);
      add('Gemm', [from, weight, ...(bias ? [bias] : [])], { transB: 1 });
      return;
    }
    case 'batch-norm': {
      const { weight, bias, mean, variance, epsilon } = node;
      add('BatchNormalization', [source, weight, bias, mean, variance], { epsilon });
      return;
    }
    case 'activation': {
      const bounds = node.activation === 'relu6' ? boundsOfRelu6(file, name) : [];
      const attributes = node.activation === 'hard-sigmoid' ? { alpha: 1 / 6, beta: 0.5 } : {};
      add(ACTIVATIONS[node.activation], [source, ...bounds], attributes);
      return;
    }
    case 'add':
      add('Sum', inputs);
      return;
    case 'multiply':
      add('Mul', inputs);
      return;
    case 'concatenation':
      add('Concat', inputs, { axis: 1 });
      return;
    case 'max-pool':
    case 'average-pool': {
      const { kind, kernel, stride, padding, countPads } = node;
      const windows = { kernel_shape: kernel, strides: stride, pads: padsOfWindow(padding) };
      if (kind === 'max-pool') add('MaxPool', [source], windows);
      else add('AveragePool', [source], { ...windows, count_include_pad: countPads ? 1 : 0 });
      return;
    }
    case 'global-average-pool':
      add('GlobalAveragePool', [source]);
      return;
    case 'flatten':
      file.vectors.add(name);
      add('Flatten', [source]);
      return;
    case 'channel-pad':
      add('Pad', [
        source,
        addWholes(file, `${name}.pads`, [0, node.before, 0, 0, 0, node.after, 0, 0]),
      ]);
      return;
    case 'strided-slice': {
      const { height, width } = file.shapes.get(source) as { height: number; width: number };
      add('Slice', [
        source,
        addWholes(file, `${name}.starts`, [0, 0]),
        addWholes(file, `${name}.ends`, [height, width]),
        addWholes(file, `${name}.axes`, [2, 3]),
        addWholes(file, `${name}.steps`, node.stride),
      ]);
    }
  }
}

/** Activations by their names in ONNX. */
const ACTIVATIONS = {
  relu: 'Relu',
  relu6: 'Clip',
  sigmoid: 'Sigmoid',
  'hard-sigmoid': 'HardSigmoid',
  'hard-swish': 'HardSwish',
} as const satisfies Readonly<Record<ActivationKind, string>>;

function boundsOfRelu6(file: Export, name: string): readonly string[] {
  return [addFloats(file, `${name}.least`, [], [0]), addFloats(file, `${name}.most`, [], [6])];
}

/** The value as a row an image: what Gemm reads, and what answers are. */
function asVector(file: Export, name: string): string {
  if (file.vectors.has(name)) return name;
  const to = `${name}.rows`;
  file.vectors.add(to);
  if (!file.nodes.some(({ output }) => output.includes(to))) {
    addNode(file, { opType: 'Flatten', from: [name], to, attributes: {} });
  }
  return to;
}

function addNode(
  { nodes }: Export,
  {
    opType,
    from,
    to,
    attributes,
  }: {
    readonly opType: string;
    readonly from: readonly string[];
    readonly to: string;
    readonly attributes: Attributes;
  },
): void {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeNamed(name, value));
  nodes.push(
    create(NodeProtoSchema, { opType, name: to, input: [...from], output: [to], attribute }),
  );
}

/** Attributes of numbers that need not be whole. */
const FRACTIONS = ['alpha', 'beta', 'epsilon'];

function attributeNamed(name: string, value: number | readonly number[]): AttributeProto {
  if (typeof value !== 'number') {
    return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
  }
  return FRACTIONS.includes(name)
    ? create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value })
    : create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
}

function padsOfWindow({ top, left, bottom, right }: Padding): readonly number[] {
  return [top, left, bottom, right];
}

function addFloats(
  { tensors }: Export,
  name: string,
  shape: readonly number[],
  data: Float32Array | readonly number[],
): string {
  const rawData = new Uint8Array(Float32Array.from(data).buffer);
  const dims = shape.map(BigInt);
  tensors.push(create(TensorProtoSchema, { name, dims, dataType: DataType.FLOAT, rawData }));
  return name;
}

function addWholes({ tensors }: Export, name: string, data: readonly number[]): string {
  const rawData = new Uint8Array(BigInt64Array.from(data.map(BigInt)).buffer);
  const dims = [BigInt(data.length)];
  tensors.push(create(TensorProtoSchema, { name, dims, dataType: DataType.INT64, rawData }));
  return name;
}

/** A value of as many images as there are, and of these sizes each. */
function described(name: string, sizes: readonly number[]) {
  const images = { value: { case: 'dimParam' as const, value: 'images' } };
  const own = sizes.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const shape = create(TensorShapeProtoSchema, { dim: [images, ...own] });
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape } } },
  });
}
