import type { Graph, MapShape, Node, NodeKind } from './graph.js';
import { listParameters, type Parameter } from './parameters.js';
import { inferShapes, type Shapes } from './shapes.js';

/** One node as a row of a table. */
export interface NodeSummary {
  readonly name: string;
  readonly kind: NodeKind;
  readonly inputs: readonly string[];
  /** Details of its kind, such as `3 × 3, stride 2, 16 groups`; empty where there are none. */
  readonly detail: string;
  readonly output: MapShape;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** What a graph costs. What depends on images is for one. */
export interface GraphSummary {
  readonly nodes: readonly NodeSummary[];
  /** Multiply-adds of convolutions and linear layers, the count that papers publish; biases, batch norms, pools and sums are left out. */
  readonly multiplyAdds: number;
  /** Trained numbers: filters, biases, batch norms' weights and biases; running statistics are left out. */
  readonly parameters: number;
  /** Bytes of all parameters in float32, running statistics included: what a file of weights holds. */
  readonly weightBytes: number;
  /** Bytes of the largest single map in float32. */
  readonly largestMapBytes: number;
  /** The most bytes of maps that live at once in float32 when the nodes run in order and a map goes after its last reader. */
  readonly liveMapBytes: number;
}

/**
 * Multiply-adds, parameters and memory of a graph, node by node and in total.
 *
 * @throws EspalierError `bad-network` when the graph does not fit together.
 */
export function summarise(graph: Graph): GraphSummary {
  const shapes = inferShapes(graph);
  const parameters = listParameters(graph, shapes);
  const counts = trainedCounts(parameters);
  const nodes = graph.nodes.map((node): NodeSummary => {
    const output = shapes.get(node.name)!;
    return {
      name: node.name,
      kind: node.kind,
      inputs: node.inputs,
      detail: detailText(node),
      output,
      parameters: counts.get(node.name) ?? 0,
      multiplyAdds: multiplyAddsOfNode(node, shapes.get(node.inputs[0]!)!, output),
    };
  });
  return {
    nodes,
    multiplyAdds: sum(nodes.map(({ multiplyAdds }) => multiplyAdds)),
    parameters: sum(nodes.map(({ parameters }) => parameters)),
    weightBytes: sum(parameters.map(sizeOfParameter)) * Float32Array.BYTES_PER_ELEMENT,
    largestMapBytes: Math.max(...[...shapes.values()].map(bytesOfMap)),
    liveMapBytes: liveMapBytes(graph, shapes),
  };
}

/** Multiply-adds of one node for one image: each output of a filter times the filter's size. */
function multiplyAddsOfNode(node: Node, input: MapShape, output: MapShape): number {
  const places = output.channels * output.height * output.width;
  switch (node.kind) {
    case 'convolution':
      return places * (input.channels / node.groups) * node.kernel[0] * node.kernel[1];
    case 'linear':
      return places * input.channels;
    default:
      return 0;
  }
}

/** Bytes of one image's map in float32, without the pads that a layout adds. */
function bytesOfMap({ channels, height, width }: MapShape): number {
  return channels * height * width * Float32Array.BYTES_PER_ELEMENT;
}

function trainedCounts(parameters: readonly Parameter[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const parameter of parameters) {
    const { node, role } = parameter;
    if (role === 'mean' || role === 'variance') continue;
    counts.set(node, (counts.get(node) ?? 0) + sizeOfParameter(parameter));
  }
  return counts;
}

function sizeOfParameter({ shape }: Parameter): number {
  return shape.reduce((product, size) => product * size, 1);
}

function liveMapBytes({ nodes, input }: Graph, shapes: Shapes): number {
  const lastReader = new Map(
    nodes.flatMap(({ inputs }, place) => inputs.map((name) => [name, place])),
  );
  let live = bytesOfMap(input);
  let most = live;
  nodes.forEach((node, place) => {
    live += bytesOfMap(shapes.get(node.name)!);
    most = Math.max(most, live);
    for (const name of new Set(node.inputs)) {
      if (lastReader.get(name) === place) live -= bytesOfMap(shapes.get(name)!);
    }
  });
  return most;
}

function detailText(node: Node): string {
  switch (node.kind) {
    case 'convolution':
    case 'max-pool':
    case 'average-pool': {
      const groups = node.kind === 'convolution' && node.groups > 1 ? `${node.groups} groups` : '';
      return [node.kernel.join(' × '), strideText(node.stride), groups].filter(Boolean).join(', ');
    }
    case 'strided-slice':
      return strideText(node.stride);
    case 'channel-pad':
      return `${node.before} before, ${node.after} after`;
    case 'activation':
      return node.activation;
    case 'opaque':
      return node.operation;
    default:
      return '';
  }
}

function strideText([down, across]: readonly [number, number]): string {
  if (down === across) return down === 1 ? '' : `stride ${down}`;
  return `stride ${down} × ${across}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
