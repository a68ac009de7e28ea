import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { randomStream } from '../../../src/random.js';

/** A node: operation, inputs, outputs, attributes. */
export type SketchedNode = readonly [
  operation: string,
  inputs: string,
  outputs: string,
  attributes?: Readonly<Record<string, number | string | readonly number[] | TensorProto>>,
];

/** A small ONNX graph: names with blanks between, tensors by name. */
export interface Sketch {
  readonly nodes: readonly SketchedNode[];
  readonly tensors?: Readonly<Record<string, TensorProto>>;
  readonly input?: readonly (number | string)[];
  readonly output?: readonly (number | string)[];
  readonly opset?: number;
  readonly ir?: number;
  /** Sizes recorded for values. */
  readonly recorded?: Readonly<Record<string, readonly (number | string)[]>>;
}

/** The message of a sketch: input `x`, output what the last node gives. */
export function sketchedModel({
  nodes,
  tensors = {},
  input = ['n', 3, 8, 8],
  output,
  opset = 13,
  ir = 7,
  recorded = {},
}: Sketch): ModelProto {
  const last = nodes.at(-1)?.[2] ?? '';
  return create(ModelProtoSchema, {
    irVersion: BigInt(ir),
    producerName: 'sketch',
    opsetImport: [create(OperatorSetIdProtoSchema, { version: BigInt(opset) })],
    graph: create(GraphProtoSchema, {
      name: 'sketched',
      node: nodes.map(([opType, inputs, outputs, attributes = {}], at) =>
        create(NodeProtoSchema, {
          opType,
          name: `${opType} ${at}`,
          input: inputs === '' ? [] : inputs.split(' ').map((name) => (name === '-' ? '' : name)),
          output: outputs.split(' '),
          attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
        }),
      ),
      initializer: Object.entries(tensors).map(([name, tensor]) => ({ ...tensor, name })),
      input: [valueInfo('x', input)],
      output: [valueInfo(last, output ?? ['n', 'classes'])],
      valueInfo: Object.entries(recorded).map(([name, sizes]) => valueInfo(name, sizes)),
    }),
  });
}

/** The same as a file. */
export function sketchedFile(sketch: Sketch): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, sketchedModel(sketch)) as Uint8Array<ArrayBuffer>;
}

/** Attributes of numbers that need not be whole. */
const OF_FLOATS = new Set(['alpha', 'beta', 'epsilon', 'min', 'max']);

function attributeOf(name: string, value: number | string | readonly number[] | TensorProto) {
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s });
  }
  if (typeof value === 'number') {
    return OF_FLOATS.has(name)
      ? create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value })
      : create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
  }
  if ('dims' in value) return create(AttributeProtoSchema, { name, type: Kind.TENSOR, t: value });
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
}

export function valueInfo(name: string, sizes: readonly (number | string)[]) {
  const dim = sizes.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  const shape = create(TensorShapeProtoSchema, { dim });
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape } } },
  });
}

/** Normal numbers, small enough that sums stay near 1. */
export function weights(...dims: number[]): TensorProto {
  const stream = randomStream(dims.join('').length + dims.length, `weights ${dims.join()}`);
  const count = dims.reduce((all, size) => all * size, 1);
  const spread = Math.sqrt(count / (dims[0] ?? 1));
  const data = Float32Array.from({ length: count }, () => stream.normal() / spread);
  return floats(dims, data);
}

/** Numbers above zero, as variances are. */
export function positive(...dims: number[]): TensorProto {
  const stream = randomStream(7, `positive ${dims.join()}`);
  const count = dims.reduce((all, size) => all * size, 1);
  return floats(
    dims,
    Float32Array.from({ length: count }, () => 0.5 + stream.uniform()),
  );
}

export function floats(
  dims: readonly number[],
  data: readonly number[] | Float32Array,
): TensorProto {
  const rawData = new Uint8Array(Float32Array.from(data).buffer);
  return create(TensorProtoSchema, { dims: dims.map(BigInt), dataType: DataType.FLOAT, rawData });
}

export function wholes(...numbers: number[]): TensorProto {
  const rawData = new Uint8Array(BigInt64Array.from(numbers.map((value) => BigInt(value))).buffer);
  const dims = [BigInt(numbers.length)];
  return create(TensorProtoSchema, { dims, dataType: DataType.INT64, rawData });
}
