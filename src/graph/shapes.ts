import { EspalierError } from '../errors.js';
import { plural, quoted } from '../text.js';
import type { Graph, MapShape, Node, Padding, Pair } from './graph.js';

/** What each node, and the graph's input, gives for one image, by name. */
export type Shapes = ReadonlyMap<string, MapShape>;

/**
 * The shape of every map of a graph, which is checked on the way: one name a node, every input known
 * and before its reader, every node read by another or the output, windows that fit their maps,
 * channels that fit their groups and sums.
 *
 * @throws EspalierError `bad-network` that names the node, what it was given and what it needs.
 */
export function inferShapes(graph: Graph): Shapes {
  const { input, nodes, output } = graph;
  const shapes = new Map<string, MapShape>([[input.name, shapeOfInput(graph)]]);
  for (const node of nodes) {
    if (shapes.has(node.name)) {
      throw refused(node, 'has the name of another node or of the input: give it its own');
    }
    const inputs = node.inputs.map((name) => {
      const shape = shapes.get(name);
      if (shape === undefined) throw unknownInput(graph, node, name);
      return shape;
    });
    const shape = shapeOfNode(node, inputs);
    if (!Number.isSafeInteger(shape.channels * shape.height * shape.width)) {
      throw refused(node, `gives maps of ${shapeText(shape)}, which no machine holds`);
    }
    shapes.set(node.name, shape);
  }
  if (!nodes.some(({ name }) => name === output)) {
    throw new EspalierError(
      'bad-network',
      `The graph ${graph.name} has the output ${quoted(output)}, which is no node of it.`,
    );
  }
  const read = new Set([output, ...nodes.flatMap(({ inputs }) => inputs)]);
  const unread = nodes.find(({ name }) => !read.has(name));
  if (unread !== undefined) {
    throw refused(unread, 'is read by no node and is not the output: leave it out');
  }
  return shapes;
}

/** `16 × 32 × 32`: channels, height, width. */
export function shapeText({ channels, height, width }: MapShape): string {
  return `${channels} × ${height} × ${width}`;
}

/** An error that names the node. */
export function refused({ name, kind }: Node, problem: string): EspalierError {
  return new EspalierError('bad-network', `Node ${quoted(name)} (${kind}) ${problem}.`);
}

function shapeOfInput({ name, input }: Graph): MapShape {
  const { channels, height, width } = input;
  const sizes = [channels, height, width];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new EspalierError(
      'bad-network',
      `The graph ${name} takes maps of ${shapeText(input)}; channels, height and width must be whole numbers from 1 on.`,
    );
  }
  return { channels, height, width };
}

/** Why a node cannot read `name`: it is its own ancestor, stands further down, or is nowhere. */
function unknownInput(graph: Graph, node: Node, name: string): EspalierError {
  const byName = new Map(graph.nodes.map((other) => [other.name, other]));
  if (!byName.has(name))
    return refused(node, `reads ${quoted(name)}, which is no node of the graph`);
  const path = readingPath(byName, name, node.name);
  if (path === undefined) {
    return refused(node, `reads ${quoted(name)}, which stands behind it: put what is read first`);
  }
  return refused(node, `depends on itself: ${[node.name, ...path].join(' reads ')}`);
}

/** The names from `from` to `target`, each reading the next, where the one depends on the other. */
function readingPath(
  byName: ReadonlyMap<string, Node>,
  from: string,
  target: string,
): readonly string[] | undefined {
  const readers = new Map<string, string | undefined>([[from, undefined]]);
  for (const name of readers.keys()) {
    for (const input of byName.get(name)?.inputs ?? []) {
      if (!readers.has(input)) readers.set(input, name);
    }
  }
  if (!readers.has(target)) return undefined;
  const path: string[] = [];
  for (let name: string | undefined = target; name !== undefined; name = readers.get(name)) {
    path.push(name);
  }
  return path.reverse();
}

/**
 * The shape that a node makes of its inputs' shapes.
 *
 * @throws EspalierError `bad-network` that names the node, what it was given and what it needs.
 */
export function shapeOfNode(node: Node, inputs: readonly MapShape[]): MapShape {
  switch (node.kind) {
    case 'convolution': {
      const input = only(node, inputs);
      checkCounts(node, { groups: node.groups, outputs: node.outputs });
      if (input.channels % node.groups !== 0 || node.outputs % node.groups !== 0) {
        throw refused(
          node,
          `takes ${plural(input.channels, 'channel')} to ${node.outputs} in ${plural(node.groups, 'group')}: groups must divide both`,
        );
      }
      return { channels: node.outputs, ...windowed(node, input) };
    }
    case 'max-pool':
    case 'average-pool': {
      const input = only(node, inputs);
      const { top, left, bottom, right } = node.padding;
      const [rows, columns] = node.kernel;
      if (Math.max(top, bottom) >= rows || Math.max(left, right) >= columns) {
        throw refused(
          node,
          `pads by ${paddingText(node.padding)} for a window of ${rows} × ${columns}: a window would lie in the padding alone`,
        );
      }
      return { channels: input.channels, ...windowed(node, input) };
    }
    case 'batch-norm':
      if (!(node.epsilon >= 0 && Number.isFinite(node.epsilon))) {
        throw refused(node, `has epsilon ${node.epsilon}: a finite number from 0 on is needed`);
      }
      return only(node, inputs);
    case 'activation':
      return only(node, inputs);
    case 'add':
      return equal(node, inputs);
    case 'multiply': {
      if (inputs.length !== 2) throw refused(node, `needs two inputs, not ${inputs.length}`);
      const [map, gate] = inputs as [MapShape, MapShape];
      const isGate = gate.channels === map.channels && gate.height === 1 && gate.width === 1;
      return isGate ? map : equal(node, inputs);
    }
    case 'concatenation': {
      const [first] = atLeastTwo(node, inputs);
      for (const { height, width } of inputs) {
        if (height !== first.height || width !== first.width) {
          throw refused(node, `joins maps of unlike height or width: ${inputsText(node, inputs)}`);
        }
      }
      return { ...first, channels: inputs.reduce((sum, { channels }) => sum + channels, 0) };
    }
    case 'global-average-pool':
      return { channels: only(node, inputs).channels, height: 1, width: 1 };
    case 'flatten': {
      const { channels, height, width } = only(node, inputs);
      return { channels: channels * height * width, height: 1, width: 1 };
    }
    case 'linear': {
      const input = only(node, inputs);
      checkCounts(node, { outputs: node.outputs });
      if (input.height !== 1 || input.width !== 1) {
        throw refused(
          node,
          `reads maps of ${shapeText(input)}, but works on vectors: flatten or pool them first`,
        );
      }
      return { channels: node.outputs, height: 1, width: 1 };
    }
    case 'channel-pad': {
      const input = only(node, inputs);
      checkCounts(node, { before: node.before, after: node.after }, 0);
      return { ...input, channels: node.before + input.channels + node.after };
    }
    case 'strided-slice': {
      const { channels, height, width } = only(node, inputs);
      const [down, across] = node.stride;
      checkCounts(node, { 'stride (rows)': down, 'stride (columns)': across });
      return { channels, height: Math.ceil(height / down), width: Math.ceil(width / across) };
    }
    case 'opaque':
      checkCounts(node, { ...node.output });
      return node.output;
  }
}

type Windowed = Extract<Node, { readonly kernel: Pair }>;

/** Places of a window: ⌊(size + padding − kernel) / stride⌋ + 1 of rows and of columns. */
function windowed(node: Windowed, input: MapShape): { height: number; width: number } {
  const { kernel, stride, padding } = node;
  checkCounts(node, {
    'kernel (rows)': kernel[0],
    'kernel (columns)': kernel[1],
    'stride (rows)': stride[0],
    'stride (columns)': stride[1],
  });
  checkCounts(node, { ...padding }, 0);
  const height = input.height + padding.top + padding.bottom - kernel[0];
  const width = input.width + padding.left + padding.right - kernel[1];
  if (height < 0 || width < 0) {
    throw refused(
      node,
      `moves a window of ${kernel.join(' × ')} over a map of ${input.height} × ${input.width} padded by ${paddingText(padding)}: it does not fit`,
    );
  }
  return { height: Math.floor(height / stride[0]) + 1, width: Math.floor(width / stride[1]) + 1 };
}

function paddingText({ top, left, bottom, right }: Padding): string {
  return `${top} above, ${left} left, ${bottom} below, ${right} right`;
}

function only(node: Node, inputs: readonly MapShape[]): MapShape {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw refused(node, `needs one input, not ${inputs.length}`);
  }
  return input;
}

function atLeastTwo(node: Node, inputs: readonly MapShape[]): readonly [MapShape, ...MapShape[]] {
  const [first, ...others] = inputs;
  if (first === undefined || others.length === 0) {
    throw refused(node, `needs two inputs or more, not ${inputs.length}`);
  }
  return [first, ...others];
}

function equal(node: Node, inputs: readonly MapShape[]): MapShape {
  const [first, ...others] = atLeastTwo(node, inputs);
  if (others.some((other) => shapeText(other) !== shapeText(first))) {
    throw refused(node, `takes maps of unlike shapes: ${inputsText(node, inputs)}`);
  }
  return first;
}

function inputsText(node: Node, inputs: readonly MapShape[]): string {
  return inputs.map((shape, i) => `${quoted(node.inputs[i]!)} has ${shapeText(shape)}`).join(', ');
}

/** Every named number must be whole and at least `least`. */
function checkCounts(node: Node, counts: Readonly<Record<string, number>>, least = 1): void {
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw refused(node, `has ${key} ${value}: a whole number from ${least} on is needed`);
    }
  }
}
