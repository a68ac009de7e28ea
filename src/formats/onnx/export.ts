import type { ActivationKind, MapShape, Node, Padding } from '../../graph/graph.js';
import { requireRunnable } from '../../graph/runnable.js';
import { inferShapes, type Shapes } from '../../graph/shapes.js';
import type { Network } from '../../graph/weights.js';
import {
  type Draft,
  type DraftedNode,
  draftedFile,
  draftFloats,
  draftNode,
  draftWholes,
  emptyDraft,
} from './draft.js';

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
  const file: Export = { ...emptyDraft(), shapes, vectors: new Set() };
  for (const [own, { shape, data }] of weights) draftFloats(file, own, shape, data);
  for (const node of nodes) exportNode(file, node);
  const answers = asVector(file, output);
  return draftedFile(file, {
    name,
    input: { name: input.name, sizes: sizesOf(input) },
    output: { name: answers, sizes: [sizesOf(shapes.get(output)).reduce((a, b) => a * b)] },
  });
}

function sizesOf({ channels, height, width }: MapShape = { channels: 0, height: 1, width: 1 }) {
  return [channels, height, width];
}

/** A file under construction. */
interface Export extends Draft {
  readonly shapes: Shapes;
  /** The values that have no rows and columns. */
  readonly vectors: Set<string>;
}

function exportNode(file: Export, node: Exclude<Node, { readonly kind: 'opaque' }>): void {
  const { name, inputs } = node;
  const [source = ''] = inputs;
  const add = (
    opType: string,
    from: readonly string[],
    attributes: DraftedNode['attributes'] = {},
  ) => draftNode(file, { opType, from, to: name, attributes });
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
        draftWholes(file, `${name}.pads`, [0, node.before, 0, 0, 0, node.after, 0, 0]),
      ]);
      return;
    case 'strided-slice': {
      const { height, width } = file.shapes.get(source) as { height: number; width: number };
      add('Slice', [
        source,
        draftWholes(file, `${name}.starts`, [0, 0]),
        draftWholes(file, `${name}.ends`, [height, width]),
        draftWholes(file, `${name}.axes`, [2, 3]),
        draftWholes(file, `${name}.steps`, node.stride),
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
  return [draftFloats(file, `${name}.least`, [], [0]), draftFloats(file, `${name}.most`, [], [6])];
}

/** The value as a row an image: what Gemm reads, and what answers are. */
function asVector(file: Export, name: string): string {
  if (file.vectors.has(name)) return name;
  const to = `${name}.rows`;
  file.vectors.add(to);
  if (!file.nodes.some(({ output }) => output.includes(to))) {
    draftNode(file, { opType: 'Flatten', from: [name], to });
  }
  return to;
}

function padsOfWindow({ top, left, bottom, right }: Padding): readonly number[] {
  return [top, left, bottom, right];
}
