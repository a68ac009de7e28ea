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

/** Versions of the format and of its operators: the oldest that have all that a graph has. */
const [FORMAT, OPERATORS] = [7n, 14n];

/** A file under construction. */
export interface Draft {
  readonly nodes: NodeProto[];
  readonly tensors: TensorProto[];
}

/** An empty file. */
export function emptyDraft(): Draft {
  return { nodes: [], tensors: [] };
}

/** A node with one output, which has its name. */
export interface DraftedNode {
  readonly opType: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
}

/** Adds a node, and gives the name of its output. */
export function draftNode({ nodes }: Draft, { opType, from, to, attributes = {} }: DraftedNode) {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeNamed(name, value));
  nodes.push(
    create(NodeProtoSchema, { opType, name: to, input: [...from], output: [to], attribute }),
  );
  return to;
}

/** Attributes of numbers that need not be whole. */
const FRACTIONS = ['alpha', 'beta', 'epsilon'];

function attributeNamed(name: string, value: number | string | readonly number[]): AttributeProto {
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s });
  }
  if (typeof value !== 'number') {
    return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
  }
  return FRACTIONS.includes(name)
    ? create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value })
    : create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
}

/** Adds a tensor of float32, and gives its name. */
export function draftFloats(
  { tensors }: Draft,
  name: string,
  shape: readonly number[],
  data: Float32Array | readonly number[],
): string {
  const rawData = new Uint8Array(Float32Array.from(data).buffer);
  const dims = shape.map(BigInt);
  tensors.push(create(TensorProtoSchema, { name, dims, dataType: DataType.FLOAT, rawData }));
  return name;
}

/** Adds a vector of whole numbers, and gives its name. */
export function draftWholes({ tensors }: Draft, name: string, data: readonly number[]): string {
  const rawData = new Uint8Array(BigInt64Array.from(data.map(BigInt)).buffer);
  const dims = [BigInt(data.length)];
  tensors.push(create(TensorProtoSchema, { name, dims, dataType: DataType.INT64, rawData }));
  return name;
}

/** A value of as many images as there are, and of these sizes each; a name for one that is not known. */
interface DraftedEnd {
  readonly name: string;
  readonly sizes: readonly (number | string)[];
}

/** The bytes of a file with one input and one output. */
export function draftedFile(
  { nodes, tensors }: Draft,
  {
    name,
    input,
    output,
  }: { readonly name: string; readonly input: DraftedEnd; readonly output: DraftedEnd },
): Uint8Array<ArrayBuffer> {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: FORMAT,
      producerName: 'espalier',
      opsetImport: [create(OperatorSetIdProtoSchema, { version: OPERATORS })],
      graph: create(GraphProtoSchema, {
        name,
        node: nodes,
        initializer: tensors,
        input: [described(input)],
        output: [described(output)],
      }),
    }),
  );
}

function described({ name, sizes }: DraftedEnd) {
  const dim = ['images', ...sizes].map((size) => ({
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
