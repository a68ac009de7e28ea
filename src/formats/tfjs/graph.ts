import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import type { Drawing } from '../onnx/channels-last.js';
import { draftedFile, draftNode, emptyDraft } from '../onnx/draft.js';
import { type OnnxNetwork, readOnnx } from '../onnx/read.js';
import { type GraphNode, graphOfModel, sizesOfNode, textOfNode } from './graph-def.js';
import { type TfjsModel, tfjsTensors } from './model-json.js';
import { type GraphValues, numbersOfNode, RULES, refusedNode } from './rules.js';

/**
 * Reads a TensorFlow.js graph model: TensorFlow's own graph, frozen, its maps with their channels last. It
 * is drawn as an ONNX file and read as such, as layers are.
 *
 * @throws EspalierError `bad-data` where a file is missing or does not fit; `bad-network` for an operation
 *   that is not known; both name `file`, and the node.
 */
export function readTfjsGraph(
  model: TfjsModel,
  file: string,
  shards: ReadonlyMap<string, Uint8Array>,
): OnnxNetwork {
  const { nodes, output } = graphOfModel(model, file);
  const tensors = tfjsTensors(model, file, shards);
  const drawing: Drawing = { ...emptyDraft(), file, layouts: new Map() };
  const graph: GraphValues = {
    drawing,
    tensors,
    maps: new Map(),
    constants: new Map(),
    sizes: new Map(),
  };
  const inputs = nodes.filter(({ op }) => op === 'Placeholder');
  const [placeholder, ...others] = inputs;
  if (!placeholder || others.length > 0) {
    throw new EspalierError('bad-network', `${file} has ${inputs.length} inputs; one is needed.`);
  }
  const input = inputOfNode(placeholder, file);
  graph.maps.set(input.name, { name: input.name, kind: input.sizes.length === 1 ? 'row' : 'map' });
  for (const node of nodes) if (node !== placeholder) readNode(graph, node);
  const answers = graph.maps.get(output);
  if (!answers) {
    throw new EspalierError(
      'bad-network',
      `${file} answers with ${quoted(output)}, which no image has a part in.`,
    );
  }
  const rows =
    answers.kind === 'row'
      ? answers.name
      : draftNode(drawing, { opType: 'Flatten', from: [answers.name], to: `${answers.name}/rows` });
  const drawn = draftedFile(drawing, {
    name: 'graph',
    input,
    output: { name: rows, sizes: ['answers'] },
  });
  return readOnnx(drawn, file);
}

function inputOfNode(node: GraphNode, file: string) {
  const [, ...sizes] = sizesOfNode(node) ?? [];
  const fits = sizes.every((size) => Number.isInteger(size));
  if (!fits || (sizes.length !== 3 && sizes.length !== 1)) {
    throw new EspalierError(
      'bad-network',
      `${file} takes ${quoted(node.name)} of sizes [${sizes.map((size) => (size >= 1 ? size : '?')).join(', ')}]; images [height, width, channels] of a size that is fixed are needed: convert it with a fixed input shape.`,
    );
  }
  const [height = 1, width = 1, channels = 1] = sizes;
  return { name: node.name, sizes: sizes.length === 1 ? sizes : [channels, height, width] };
}

function readNode(values: GraphValues, node: GraphNode): void {
  const { maps, constants, sizes, tensors } = values;
  const [first = ''] = node.inputs;
  const reading = { ...values, node };
  if (node.op === 'Const') {
    const tensor = tensors.get(node.name);
    if (!tensor) throw refusedNode(reading, 'has no tensor in the file');
    constants.set(node.name, tensor);
    return;
  }
  if (SIZES.includes(node.op) && node.inputs.some((name) => maps.has(name) || sizes.has(name))) {
    if (node.op !== 'Pack') sizes.set(node.name, node.op === 'Shape' ? [] : [undefined]);
    else
      sizes.set(
        node.name,
        node.inputs.map((name) => numbersOfNode(values, name)?.[0]),
      );
    return;
  }
  const alias = maps.get(first);
  if (IDENTITIES.includes(node.op)) {
    const constant = constants.get(first);
    if (alias) maps.set(node.name, alias);
    if (constant) constants.set(node.name, constant);
    return;
  }
  if (!node.inputs.some((name) => maps.has(name))) {
    // Nothing that is read needs it, or it is refused there.
    return;
  }
  const rule = Object.hasOwn(RULES, node.op) ? RULES[node.op] : undefined;
  if (!rule) throw refusedNode(reading, 'is of an operation that is not known here');
  if (textOfNode(node, 'data_format', 'NHWC') !== 'NHWC') {
    throw refusedNode(reading, 'has its channels first');
  }
  maps.set(node.name, rule(reading));
}

const IDENTITIES = ['Identity', 'StopGradient', 'PreventGradient', 'Snapshot'];
/** What the sizes of a Reshape are computed by. */
const SIZES = ['Shape', 'StridedSlice', 'Pack'];
