import type {
  ActivationKind,
  ActivationNode,
  Add,
  ChannelPad,
  Convolution,
  Flatten,
  Graph,
  Linear,
  Node,
  Opaque,
} from '../graph/graph.js';
import { requireRunnable } from '../graph/runnable.js';
import type { Shapes } from '../graph/shapes.js';

/** What layers are made for: vectors are maps of one position, and a linear layer a convolution. */
export type LoweredNode = Exclude<Node, Flatten | Linear | Opaque>;

/** What one layer computes: a node, and the nodes behind it that its kernel does along with it. */
export interface Step<Kind extends LoweredNode = LoweredNode> {
  readonly node: Kind;
  /** The map that is added before the activation. */
  readonly residual?: string;
  readonly activation?: ActivationKind;
  /** Channels of zeros around those of a strided slice. */
  readonly pad?: Pick<ChannelPad, 'before' | 'after'>;
  /** The maps that the step reads: its node's inputs and the residual. */
  readonly inputs: readonly string[];
  /** Name of the map that it writes: of the last node that it does. */
  readonly output: string;
}

/** A graph as steps, in order, with the map that holds the answers. */
export interface Steps {
  readonly steps: readonly Step[];
  readonly output: string;
  /** The map that holds what a flattening gives, by the flattening's name. */
  readonly flattened: ReadonlyMap<string, string>;
}

export interface FuseOptions {
  /** In training a convolution stays alone: what joined it would have to be undone apart. */
  readonly purpose?: 'inference' | 'training';
  /** Nodes besides the output whose maps are wanted, which no other node may join. */
  readonly kept?: readonly string[];
}

/**
 * A graph's nodes as steps. An add behind a convolution, linear layer or batch norm, and an
 * activation behind either, join it where nobody else reads what lies in between; so does a channel
 * pad behind a strided slice. Flattening moves nothing: a linear layer behind it is a convolution
 * whose filter covers the map, and PyTorch's [outputs, channels · height · width] are its filters
 * [outputs, channels, height, width] as they are.
 *
 * @param graph all of its nodes, or those of a part of it.
 * @param shapes of the graph's maps.
 */
export function fuseSteps(
  graph: Pick<Graph, 'nodes' | 'output'>,
  shapes: Shapes,
  { purpose = 'inference', kept = [] }: FuseOptions = {},
): Steps {
  const { nodes, output, flattened } = lowered(graph, shapes);
  const next = onlyReaders(nodes, [output, ...kept.map((name) => flattened.get(name) ?? name)]);
  const order = new Map(nodes.map((node, at) => [node.name, at]));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const joined = new Set<string>();
  const steps: Step[] = [];
  for (const node of nodes) {
    if (joined.has(node.name)) continue;
    let step: Step = { node, inputs: node.inputs, output: node.name };
    if (node.kind === 'strided-slice') {
      const pad = follower(step, next, 'channel-pad');
      if (pad) step = { ...step, pad, output: pad.name };
    }
    if (canActivate(node, purpose)) {
      const add = canAdd(node, shapes) ? follower(step, next, 'add') : undefined;
      const other = add && otherInput(add, node.name);
      // Of two that could add the other's map the later one does.
      const earlier = (order.get(other ?? '') ?? -1) < (order.get(node.name) ?? 0);
      const rival = byName.get(other ?? '');
      const alone = !rival || !canActivate(rival, purpose) || !canAdd(rival, shapes);
      if (add && other !== undefined && (earlier || alone)) {
        step = { ...step, residual: other, inputs: [...step.inputs, other], output: add.name };
        joined.add(add.name);
      }
      const activation = follower(step, next, 'activation');
      // A hard-swish behind a sum is undone by its own layer: its value does not tell its slope.
      const undone = purpose === 'training' && step.residual !== undefined;
      if (activation && !(undone && activation.activation === 'hard-swish')) {
        step = { ...step, activation: activation.activation, output: activation.name };
      }
    }
    joined.add(step.output);
    steps.push(step);
  }
  return { steps: inOrder(steps), output, flattened };
}

/** Whether a node's kernel can apply an activation before it stores. */
function canActivate(node: LoweredNode, purpose: 'inference' | 'training'): boolean {
  if (node.kind === 'batch-norm') return true;
  return node.kind === 'convolution' && purpose === 'inference';
}

/** Whether it can add a second map before: the kernel of depthwise convolutions cannot. */
function canAdd(node: LoweredNode, shapes: Shapes): boolean {
  return node.kind !== 'convolution' || !isDepthwise(node, shapes);
}

/** Whether each channel has a filter of its own: those have kernels of their own. */
export function isDepthwise({ inputs, groups, outputs }: Convolution, shapes: Shapes): boolean {
  return groups > 1 && groups === shapes.get(inputs[0] ?? '')?.channels && groups === outputs;
}

/**
 * The steps in an order in which each comes after all that it reads. A map that is added may stand
 * behind.
 */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const byOutput = new Map(steps.map((step) => [step.output, step]));
  const ordered = new Set<Step>();
  const visit = (step: Step): void => {
    for (const input of step.inputs) {
      const before = byOutput.get(input);
      if (before && !ordered.has(before)) visit(before);
    }
    ordered.add(step);
  };
  for (const step of steps) if (!ordered.has(step)) visit(step);
  return [...ordered];
}

/** The nodes without flattening, and with linear layers as convolutions. */
function lowered({ nodes, output }: Pick<Graph, 'nodes' | 'output'>, shapes: Shapes) {
  requireRunnable(nodes);
  const sources = new Map<string, string>();
  const mapSource = (name: string): string => sources.get(name) ?? name;
  const left: LoweredNode[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map(mapSource);
    if (node.kind === 'flatten') sources.set(node.name, inputs[0] as string);
    else if (node.kind === 'linear') {
      const from = shapes.get(mapBehind(left, inputs[0] as string));
      left.push(asConvolution({ ...node, inputs }, [from?.height ?? 1, from?.width ?? 1]));
    } else left.push({ ...node, inputs });
  }
  return { nodes: left, output: mapSource(output), flattened: sources };
}

/** The node behind element-wise ones whose map is not flattened: theirs has its height and width. */
function mapBehind(nodes: readonly LoweredNode[], name: string): string {
  const node = nodes.find((other) => other.name === name);
  return node?.kind === 'activation' ? mapBehind(nodes, node.inputs[0] as string) : name;
}

function asConvolution(node: Linear, kernel: readonly [number, number]): Convolution {
  const { name, inputs, weight, bias, outputs } = node;
  return {
    kind: 'convolution',
    name,
    inputs,
    weight,
    ...(bias !== undefined && { bias }),
    outputs,
    groups: 1,
    kernel,
    stride: [1, 1],
    padding: { top: 0, left: 0, bottom: 0, right: 0 },
  };
}

/** The reader of each map that has just one. What is wanted is read from outside as well. */
function onlyReaders(nodes: readonly LoweredNode[], wanted: readonly string[]) {
  const readers = new Map<string, LoweredNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  return new Map(
    [...readers].flatMap(([name, [reader, ...others]]) =>
      reader && others.length === 0 && !wanted.includes(name) ? [[name, reader] as const] : [],
    ),
  );
}

type Follower = ActivationNode | Add | ChannelPad;

/** The only reader of a step's output, where it is of that kind. */
function follower<Kind extends Follower['kind']>(
  { output }: Step,
  next: ReadonlyMap<string, LoweredNode>,
  kind: Kind,
): Extract<Follower, { readonly kind: Kind }> | undefined {
  const node = next.get(output);
  return node?.kind === kind ? (node as Extract<Follower, { readonly kind: Kind }>) : undefined;
}

/** What an add of two different maps takes besides this one. */
function otherInput({ inputs }: Add, name: string): string | undefined {
  return inputs.length === 2 ? inputs.find((input) => input !== name) : undefined;
}
