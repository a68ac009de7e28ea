import type { GraphProto, NodeProto } from 'onnx-buf';
import { EspalierError } from '../../errors.js';
import type { Graph, MapShape, Node, Padding } from '../../graph/graph.js';
import { shapeOfNode } from '../../graph/shapes.js';
import type { Weight } from '../../graph/weights.js';
import { quoted } from '../../text.js';
import type { Constant, TensorAddress } from './constants.js';
import { parameterOfTensor, type TensorForm } from './forms.js';
import type { ExternalFiles } from './tensors.js';

/** The order of a value's axes: images, channels, rows, columns, or a vector an image. */
export type OnnxAxes = 'NCHW' | 'NHWC' | 'NC';

/** What a value of the file is that depends on the images: a map of the graph. */
export interface OnnxValue {
  /** Name of the node, or of the graph's input, that gives the map. */
  readonly map: string;
  /** Undefined for what has other axes, which no node reads that is known. */
  readonly axes: OnnxAxes | undefined;
  /** Zeros around it, which the windows of its readers move over. */
  readonly padding?: Padding;
  /** Of a vector that was flattened with its channels last: how many positions it has of each. */
  readonly positions?: number;
}

/** Where a parameter of the graph stands in the file. */
export interface ParameterUse {
  readonly parameter: string;
  /** The node that reads it, by its place in the file, and at which of its inputs. */
  readonly node: number;
  readonly input: number;
  readonly form: TensorForm;
  /** Of its numbers, as ONNX counts types. */
  readonly type: number;
  /** The tensor that it is; none where it was computed from some. */
  readonly address?: TensorAddress;
}

/** A number in a constant of the file that counts channels, which a cut changes. */
export interface CountUse {
  readonly node: number;
  /** The input that has the numbers, or the attribute. */
  readonly from: number | string;
  readonly numbers: readonly number[];
  /** Which of the numbers; of what; and of what of it. */
  readonly at: number;
  readonly map: string;
  readonly count: 'channels' | 'before' | 'after';
}

/** A graph under construction. */
export interface Builder {
  readonly file: string;
  readonly external: ExternalFiles;
  readonly proto: GraphProto;
  readonly opset: number;
  readonly input: Graph['input'];
  /** Images that the file is made for, where it says so. */
  readonly images: number | undefined;
  readonly nodes: Node[];
  readonly shapes: Map<string, MapShape>;
  /** By the value's name in the file. */
  readonly values: Map<string, OnnxValue>;
  /** Undefined for one that depends on no image, but cannot be computed here. */
  readonly constants: Map<string, Constant | undefined>;
  /** How many nodes, or the file's outputs, read a value. */
  readonly readers: ReadonlyMap<string, number>;
  readonly weights: Map<string, Weight>;
  readonly parameters: ParameterUse[];
  readonly counts: CountUse[];
  /** The node of the file that each node of the graph comes from. */
  readonly sources: Map<string, number>;
  /** Maps to which one number was added, or which were multiplied by one, by the node that does it. */
  readonly scaled: Map<string, ScaledMap>;
  /** For maps on the way to one that is computed without them, another of the same shape. */
  readonly alike: Map<string, string>;
}

/** x + number, or x · number. */
export interface ScaledMap {
  readonly map: string;
  readonly operation: 'add' | 'multiply';
  readonly number: number;
}

/** A node of the file with what it reads. */
export interface Reading {
  readonly builder: Builder;
  readonly node: NodeProto;
  /** Its place in the file. */
  readonly at: number;
  /** What its node in the graph is called. */
  readonly name: string;
}

/** What a kind of the file's nodes is in the graph; undefined where it is none of the forms that the graph has. */
export type Rule = (reading: Reading) => OnnxValue | undefined;

/** The constant at an input, where there is one that is known. */
export function constantAt({ builder, node }: Reading, input: number): Constant | undefined {
  return builder.constants.get(node.input[input] ?? '');
}

/** The value at an input; undefined for a constant. */
export function valueAt({ builder, node }: Reading, input: number): OnnxValue | undefined {
  return builder.values.get(node.input[input] ?? '');
}

/** The value at an input where it is a map, or a vector in the graph's own order, without zeros around. */
export function plainAt(reading: Reading, input: number): PlainValue | undefined {
  const value = valueAt(reading, input);
  const plain = value?.axes !== undefined && !value.padding && !value.positions;
  return plain ? (value as PlainValue) : undefined;
}

/** A value that is a whole map in one of the known orders. */
export type PlainValue = OnnxValue & { readonly axes: OnnxAxes };

/** The shape of a value's map. */
export function shapeOfValue({ shapes }: Builder, { map }: OnnxValue): MapShape {
  return shapes.get(map) as MapShape;
}

/** Elements that a map of one image has at most: no network in use comes near. */
const MOST_ELEMENTS = 2 ** 28;
/** Channels, or values of a vector, likewise. */
const MOST_CHANNELS = 2 ** 22;

/** Adds a node to the graph. */
export function addNode({ builder, at }: Reading, node: Node): string {
  const shape = shapeOfNode(
    node,
    node.inputs.map((name) => builder.shapes.get(name) as MapShape),
  );
  const { channels, height, width } = shape;
  if (!(channels <= MOST_CHANNELS && channels * height * width <= MOST_ELEMENTS)) {
    throw refused(builder, node.name, 'gives maps that no machine holds');
  }
  builder.shapes.set(node.name, shape);
  builder.nodes.push(node);
  builder.sources.set(node.name, at);
  return node.name;
}

export interface ParameterRequest {
  readonly input: number;
  readonly form: TensorForm;
  readonly shape: readonly number[];
}

/**
 * Adds the constant at an input to the graph's parameters, and gives its name.
 *
 * @throws EspalierError `bad-data` where a number of it is not finite.
 */
export function addParameter(reading: Reading, { input, form, shape }: ParameterRequest): string {
  const { builder, node, at, name: owner } = reading;
  const constant = constantAt(reading, input) as Constant;
  const own = node.input[input] as string;
  const name = builder.weights.has(own) ? `${own} of ${owner}` : own;
  const data = parameterOfTensor(form, constant.numbers(), shape);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new EspalierError(
      'bad-data',
      `The tensor ${quoted(own)} in ${builder.file} has ${data[bad]} at ${bad}: the network was not trained to its end, or the file is damaged.`,
    );
  }
  builder.weights.set(name, { shape, data });
  const { address, type } = constant;
  const use = { parameter: name, node: at, input, form, type };
  builder.parameters.push({ ...use, ...(address && { address }) });
  return name;
}

/** An error that names the file and the node. */
export function refused(
  { file }: Pick<Builder, 'file'>,
  node: string,
  problem: string,
): EspalierError {
  return new EspalierError('bad-network', `The node ${quoted(node)} in ${file} ${problem}.`);
}
