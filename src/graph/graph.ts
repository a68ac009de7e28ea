/**
 * A network as plain data: which operations, on what, in which order. Weights lie beside it
 * (`Weights`), so that one graph serves any number of trained networks, and both go through JSON or
 * a message between threads as they are.
 */
export interface Graph {
  readonly name: string;
  readonly input: GraphInput;
  /** In an order in which a node comes behind everything that it reads. */
  readonly nodes: readonly Node[];
  /** The node that gives the answers, one row an image: the logits of a classifier. */
  readonly output: string;
}

/** What goes in: images of this many channels, rows and columns. Nodes read it by its name. */
export interface GraphInput extends MapShape {
  readonly name: string;
}

/** One image's feature map between two nodes; a vector has height and width 1. */
export interface MapShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Rows, then columns. */
export type Pair = readonly [number, number];

/** Rows and columns of zeros (of nothing, in a maximum) around a map before a window moves over it. */
export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** The activations of a network, by PyTorch's definitions. */
export type ActivationKind = 'relu' | 'relu6' | 'hard-swish' | 'sigmoid' | 'hard-sigmoid';

/** One operation with one output, which others read by the node's name. */
export type Node =
  | Convolution
  | BatchNorm
  | ActivationNode
  | Add
  | Multiply
  | Concatenation
  | Pool
  | GlobalAveragePool
  | Flatten
  | Linear
  | ChannelPad
  | StridedSlice
  | Opaque;

/** Kinds of nodes by name. */
export type NodeKind = Node['kind'];

interface Operation {
  readonly name: string;
  /** Names of the nodes, or of the graph's input, that it reads. */
  readonly inputs: readonly string[];
}

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

/**
 * A convolution, as PyTorch has it (a cross-correlation), dilation 1. `weight` names a tensor
 * [outputs, channels / groups, kernel rows, kernel columns], `bias` one of [outputs]. Depthwise when
 * groups = channels.
 */
export interface Convolution extends Operation, Window {
  readonly kind: 'convolution';
  readonly weight: string;
  readonly bias?: string;
  readonly groups: number;
  readonly outputs: number;
  /** Its numbers are constants, such as the mean and deviation of pixels: training leaves them. */
  readonly frozen?: true;
}

/** Per channel weight · (x − mean) / √(variance + epsilon) + bias; each name is of a tensor [channels]. */
export interface BatchNorm extends Operation {
  readonly kind: 'batch-norm';
  readonly weight: string;
  readonly bias: string;
  readonly mean: string;
  readonly variance: string;
  readonly epsilon: number;
}

/**
 * Element by element: relu max(x, 0), relu6 min(max(x, 0), 6), sigmoid 1 / (1 + e⁻ˣ), hard-sigmoid
 * relu6(x + 3) / 6, hard-swish x · relu6(x + 3) / 6.
 */
export interface ActivationNode extends Operation {
  readonly kind: 'activation';
  readonly activation: ActivationKind;
}

/** The sum of two or more maps of one shape. */
export interface Add extends Operation {
  readonly kind: 'add';
}

/** A map times a second of its shape, or times one number a channel (height and width 1): a gate. */
export interface Multiply extends Operation {
  readonly kind: 'multiply';
}

/** Maps of one height and width, their channels one behind the other in the order of the inputs. */
export interface Concatenation extends Operation {
  readonly kind: 'concatenation';
}

/** The largest or the mean of each window, channel by channel. */
export interface Pool extends Operation, Window {
  readonly kind: 'max-pool' | 'average-pool';
  /**
   * Whether an average divides by the whole window, or by the part of it on the map. A maximum sees
   * the map only.
   */
  readonly countPads: boolean;
}

/** The mean of each channel, height and width 1. */
export interface GlobalAveragePool extends Operation {
  readonly kind: 'global-average-pool';
}

/**
 * A map as a vector in PyTorch's order: value (channel c, row y, column x) goes to
 * (c · height + y) · width + x.
 */
export interface Flatten extends Operation {
  readonly kind: 'flatten';
}

/** weight · x + bias on vectors; `weight` names a tensor [outputs, channels], `bias` one of [outputs]. */
export interface Linear extends Operation {
  readonly kind: 'linear';
  readonly weight: string;
  readonly bias?: string;
  readonly outputs: number;
}

/** Channels of zeros before and after those of the input. */
export interface ChannelPad extends Operation {
  readonly kind: 'channel-pad';
  readonly before: number;
  readonly after: number;
}

/** Every stride-th row and column, from the first on. */
export interface StridedSlice extends Operation {
  readonly kind: 'strided-slice';
  readonly stride: Pair;
}

/**
 * An operation that is not known here, and cannot be run: all that it reads and gives stays as it is.
 * `operation` is what the file calls it.
 */
export interface Opaque extends Operation {
  readonly kind: 'opaque';
  readonly operation: string;
  readonly output: MapShape;
}
