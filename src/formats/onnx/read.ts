import { EspalierError } from '../../errors.js';
import type { Graph, Node } from '../../graph/graph.js';
import { inferShapes } from '../../graph/shapes.js';
import type { Network } from '../../graph/weights.js';
import { escaped } from '../../text.js';
import {
  type Builder,
  type CountUse,
  type OnnxValue,
  type ParameterUse,
  refused,
} from './builder.js';
import { type InputSize, inputOfGraph, outputOfLogits } from './ends.js';
import { decodeOnnx, type OnnxFile } from './file.js';
import { readInitializers, readNode } from './nodes.js';
import { countReaders } from './proto.js';
import type { ExternalFiles } from './tensors.js';

/** A network read from an ONNX file, and how its parts stand there: what writing it again needs. */
export interface OnnxNetwork {
  readonly network: Network;
  readonly onnx: OnnxSource;
}

/** Where the parts of a graph stand in the file that it was read from. */
export interface OnnxSource {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly external: ExternalFiles;
  /** As it was read. */
  readonly network: Network;
  readonly values: ReadonlyMap<string, OnnxValue>;
  readonly parameters: readonly ParameterUse[];
  readonly counts: readonly CountUse[];
  /** The node of the file, by its place there, of each convolution. */
  readonly sources: ReadonlyMap<string, number>;
}

/**
 * Reads a network from the untrusted bytes of an ONNX file: one input of images, one output of logits,
 * whose softmax may be in the file. What the graph has no node for becomes an opaque one.
 *
 * @param external the files that its weights lie in where they are not in this one (`externalFiles`).
 * @param inputSize of the images, where the file leaves it open.
 * @throws EspalierError `bad-data` where the file is damaged or no ONNX, `bad-network` where the network is
 * none that can be read; both name `file`, and the node or tensor.
 */
export function readOnnx(
  bytes: Uint8Array,
  file: string,
  external: ExternalFiles = new Map(),
  inputSize?: InputSize,
): OnnxNetwork {
  try {
    return readNetwork(decodeOnnx(bytes, file), { bytes, file, external, inputSize });
  } catch (error) {
    if (!(error instanceof EspalierError) || error.message.includes(file)) throw error;
    throw new EspalierError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

interface Given {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly external: ExternalFiles;
  readonly inputSize: InputSize | undefined;
}

function readNetwork(onnx: OnnxFile, given: Given): OnnxNetwork {
  const { bytes, file, external } = given;
  const builder = startedBuilder(onnx, given);
  readInitializers(builder);
  const { output, tail } = outputOfLogits(onnx.graph, file);
  onnx.graph.node.forEach((node, at) => {
    if (!tail.has(at)) readNode(builder, node, at);
  });
  const answers = builder.values.get(output);
  const shape = answers && builder.shapes.get(answers.map);
  if (!answers || !shape || answers.map === builder.input.name) {
    throw refused(builder, output, 'gives the answers, but does not depend on the images');
  }
  if (!answers.axes || answers.padding || shape.height * shape.width !== 1) {
    throw new EspalierError(
      'bad-network',
      `${file} answers with maps of ${shape.channels} × ${shape.height} × ${shape.width}; a network that tells classes apart, with a row of numbers an image, is needed.`,
    );
  }
  const network = liveNetwork(builder, onnx, answers.map);
  const names = new Set(network.weights.keys());
  return {
    network,
    onnx: {
      file,
      bytes,
      external,
      network,
      values: liveValues(builder, network),
      parameters: builder.parameters.filter(({ parameter }) => names.has(parameter)),
      counts: builder.counts,
      sources: builder.sources,
    },
  };
}

function startedBuilder({ graph, opset }: OnnxFile, { file, external, inputSize }: Given): Builder {
  const { input, axes, images } = inputOfGraph(graph, file, inputSize);
  const { name, ...shape } = input;
  return {
    file,
    external,
    proto: graph,
    opset,
    input,
    images,
    nodes: [],
    shapes: new Map([[name, shape]]),
    values: new Map([[name, { map: name, axes }]]),
    constants: new Map(),
    readers: countReaders(graph),
    weights: new Map(),
    parameters: [],
    counts: [],
    sources: new Map(),
    scaled: new Map(),
    alike: new Map(),
  };
}

/** The values of the file, each with a map of the network that has its shape. */
function liveValues(
  { values, alike }: Builder,
  { graph: { nodes, input } }: Network,
): ReadonlyMap<string, OnnxValue> {
  const live = new Set([input.name, ...nodes.map(({ name }) => name)]);
  return new Map(
    [...values].map(([name, value]) => {
      const map = live.has(value.map) ? value.map : (alike.get(value.map) ?? value.map);
      return [name, { ...value, map }];
    }),
  );
}

/** The part of the graph that its answers depend on. */
function liveNetwork(
  { nodes, input, weights }: Builder,
  { graph: { name } }: OnnxFile,
  output: string,
): Network {
  const needed = new Set([output]);
  const live = nodes
    .toReversed()
    .filter((node: Node) => {
      if (!needed.has(node.name)) return false;
      for (const own of node.inputs) needed.add(own);
      return true;
    })
    .reverse();
  const graph: Graph = { name: escaped(name || 'network'), input, nodes: live, output };
  inferShapes(graph);
  const names = new Set(
    live.flatMap((node) => Object.values(node).filter((value) => typeof value === 'string')),
  );
  return { graph, weights: new Map([...weights].filter(([own]) => names.has(own))) };
}
