import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema } from 'onnx-buf';
import type { Graph } from '../../graph/graph.js';
import { inferShapes, type Shapes } from '../../graph/shapes.js';
import type { Network, Weight } from '../../graph/weights.js';
import { attribute } from './attributes.js';
import type { CountUse } from './builder.js';
import { openEditor, type TensorEdit } from './editor.js';
import { takeOutExternal } from './external.js';
import { tensorOfParameter } from './forms.js';
import type { OnnxSource } from './read.js';
import { recordShapes } from './recorded.js';
import type { ExternalFiles } from './tensors.js';

/** An ONNX file, and the files beside it that its tensors lie in, if any. */
export interface OnnxFiles {
  readonly bytes: Uint8Array;
  readonly external: ExternalFiles;
}

/**
 * The file that a network was read from, with what became of the network since: its tensors replaced by
 * smaller ones, and nothing else changed but what must: groups of convolutions, numbers that count
 * channels, shapes recorded for values, and nodes that are read by nobody. Where nothing became of the
 * network, the bytes are those that were read.
 *
 * @param network the one that was read, cut or trained on: its nodes have the names that they had.
 * @param dataFile what the file beside it is called, where the one that was read had some.
 * @throws EspalierError `bad-network` for a weight beyond float16 where the file has such.
 */
export function writeOnnx(source: OnnxSource, network: Network, dataFile: string): OnnxFiles {
  const { parameters, external } = source;
  const edits = parameters.map((use): TensorEdit => {
    const weight = network.weights.get(use.parameter) as Weight;
    const changed = !isSame(weight, source.network.weights.get(use.parameter) as Weight);
    return { ...use, ...tensorOfParameter(use.form, weight), changed };
  });
  if (!edits.some(({ changed }) => changed)) return { bytes: source.bytes, external };
  const model = fromBinary(ModelProtoSchema, source.bytes);
  const graph = model.graph as GraphProto;
  const shapes = inferShapes(network.graph);
  const editor = openEditor(model, graph);
  editor.replaceTensors(edits);
  for (const numbers of recounted(source.counts, network.graph, shapes)) {
    editor.replaceWholes(numbers);
  }
  regroup(graph, source, network.graph);
  editor.sweep();
  recordShapes(graph, source.values, shapes);
  const files = takeOutExternal(graph, dataFile, external);
  return { bytes: toBinary(ModelProtoSchema, model), external: files };
}

function isSame(one: Weight, other: Weight): boolean {
  if (one === other) return true;
  return (
    one.shape.join() === other.shape.join() &&
    one.data.every((value, at) => Object.is(value, other.data[at]))
  );
}

/** Numbers of the file in which some count channels, with what those are now. */
function recounted(counts: readonly CountUse[], graph: Graph, shapes: Shapes): readonly CountUse[] {
  const all = new Map<string, CountUse>();
  for (const use of counts) {
    const key = `${use.node} ${use.from}`;
    const { numbers } = all.get(key) ?? use;
    all.set(key, { ...use, numbers: numbers.with(use.at, countNow(use, graph, shapes)) });
  }
  return [...all.values()];
}

function countNow({ map, count, at, numbers }: CountUse, graph: Graph, shapes: Shapes): number {
  if (count === 'channels') return shapes.get(map)?.channels ?? (numbers[at] as number);
  const node = graph.nodes.find(({ name }) => name === map);
  return node?.kind === 'channel-pad' ? node[count] : (numbers[at] as number);
}

/** Gives each convolution the groups that it has now. */
function regroup(proto: GraphProto, { sources }: OnnxSource, { nodes }: Graph): void {
  for (const node of nodes) {
    if (node.kind !== 'convolution') continue;
    const own = proto.node[sources.get(node.name) ?? -1];
    const group = own && attribute(own, 'group');
    if (group) group.i = BigInt(node.groups);
  }
}
