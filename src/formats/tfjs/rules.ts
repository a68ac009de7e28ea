import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import {
  type Drawing,
  type Drawn,
  type DrawnWindow,
  drawClip,
  drawConcat,
  drawConvolution,
  drawDense,
  drawFlatten,
  drawGlobalPool,
  drawNode,
  drawPad,
  drawPool,
  drawScale,
  drawSinglePosition,
  drawWeight,
  type LayerTensor,
} from '../onnx/channels-last.js';
import { type GraphNode, textOfNode, textsOfNode, wholesOfNode } from './graph-def.js';
import type { TfjsTensor } from './model-json.js';
import { numbersOfTfjs } from './numbers.js';

/** What is known of each node so far. */
export interface GraphValues {
  readonly drawing: Drawing;
  readonly tensors: ReadonlyMap<string, TfjsTensor>;
  /** Of those that depend on the images. */
  readonly maps: Map<string, Drawn>;
  /** Tensors by the nodes that give them. */
  readonly constants: Map<string, TfjsTensor>;
  /** Sizes that are computed, undefined for those of images. */
  readonly sizes: Map<string, readonly (number | undefined)[]>;
}

/** A node with what it reads. */
export interface NodeReading extends GraphValues {
  readonly node: GraphNode;
}

type GraphRule = (reading: NodeReading) => Drawn;

function mapAt(reading: NodeReading, input: number): Drawn {
  const { maps, node } = reading;
  const found = maps.get(node.inputs[input] ?? '');
  if (found) return found;
  throw refusedNode(reading, `reads something else than a map at its input ${input}`);
}

function tensorAt(reading: NodeReading, input: number): LayerTensor {
  const { constants, node } = reading;
  const name = node.inputs[input] ?? '';
  const found = constants.get(name);
  if (!found) throw refusedNode(reading, `has no constant at its input ${input}`);
  return { name, shape: found.spec.shape, data: numbersOfTfjs(found) };
}

export function numbersOfNode(
  { constants }: GraphValues,
  name: string,
): readonly number[] | undefined {
  const found = constants.get(name);
  return found && [...numbersOfTfjs(found)];
}

function windowOfNode(reading: NodeReading, kernel: readonly [number, number]): DrawnWindow {
  const { node } = reading;
  const [, down = 1, across = 1] = wholesOfNode(node, 'strides') ?? [];
  const dilations = wholesOfNode(node, 'dilations') ?? [];
  if (dilations.some((step) => step !== 1)) throw refusedNode(reading, 'has holes in its window');
  const padding = textOfNode(node, 'padding', 'VALID');
  const own = { kernel, strides: [down, across] as const };
  if (padding === 'SAME') return { ...own, padding: 'same' };
  if (padding === 'VALID') return { ...own, padding: 'valid' };
  const [, , top = 0, bottom = 0, left = 0, right = 0] =
    wholesOfNode(node, 'explicit_paddings') ?? [];
  return { ...own, padding: [top, left, bottom, right] };
}

const convolution: GraphRule = (reading) => drawFilters(reading, 'filter');
const depthwise: GraphRule = (reading) => drawFilters(reading, 'depthwise');

function drawFilters(reading: NodeReading, layout: 'filter' | 'depthwise'): Drawn {
  const { drawing, node } = reading;
  const kernel = tensorAt(reading, 1);
  const [rows = 1, columns = 1, inputs = 1] = kernel.shape;
  const { bias, activation } = fusedOfNode(reading);
  const drawn = drawConvolution(drawing, node.name, mapAt(reading, 0), {
    window: windowOfNode(reading, [rows, columns]),
    tensors: [
      drawWeight(drawing, kernel, layout),
      ...(bias ? [drawWeight(drawing, bias, 'same')] : []),
    ],
    groups: layout === 'depthwise' ? inputs : 1,
  });
  return activated(reading, drawn, activation);
}

const matmul: GraphRule = (reading) => {
  const { drawing, node } = reading;
  const { transpose_a: left, transpose_b: right } = node.attributes;
  if (left?.b === true || right?.b === true) throw refusedNode(reading, 'turns a matrix around');
  const input = mapAt(reading, 0);
  if (input.kind !== 'row') throw refusedNode(reading, 'reads a map, and not a row an image');
  const { bias, activation } = fusedOfNode(reading);
  const drawn = drawDense(drawing, node.name, input, { kernel: tensorAt(reading, 1), bias });
  return activated(reading, drawn, activation);
};

/** What a converter has drawn into a node: a bias, and an activation behind it. */
function fusedOfNode(reading: NodeReading) {
  const fused = textsOfNode(reading.node, 'fused_ops');
  const biased = fused.includes('BiasAdd');
  const [activation, ...more] = fused.filter((own) => own !== 'BiasAdd');
  if (more.length > 0) throw refusedNode(reading, `has ${fused.map(quoted).join(', ')} within`);
  return { bias: biased ? tensorAt(reading, 2) : undefined, activation };
}

function activated(reading: NodeReading, input: Drawn, activation: string | undefined): Drawn {
  if (activation === undefined) return input;
  return drawActivation(reading, { name: `${reading.node.name}/${activation}`, input, activation });
}

const activation: GraphRule = (reading) => {
  const { name, op } = reading.node;
  return drawActivation(reading, { name, input: mapAt(reading, 0), activation: op });
};

/** Activations by their names in TensorFlow, which are those of ONNX. */
const ACTIVATIONS = ['Elu', 'LeakyRelu', 'Relu', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh'];

function drawActivation(
  reading: NodeReading,
  {
    name,
    input,
    activation,
  }: { readonly name: string; readonly input: Drawn; readonly activation: string },
): Drawn {
  const { drawing, node } = reading;
  if (activation === 'Relu6') return drawClip(drawing, name, input, [0, 6]);
  if (!ACTIVATIONS.includes(activation)) {
    throw refusedNode(reading, `has ${quoted(activation)} within, which is not known here`);
  }
  const { alpha, leakyrelu_alpha } = node.attributes;
  const slope = { alpha: alpha?.f ?? leakyrelu_alpha?.f ?? 0.2 };
  const attributes = activation === 'LeakyRelu' ? slope : {};
  return drawNode(drawing, { name, opType: activation, input, attributes });
}

const batchNormalization: GraphRule = (reading) => {
  const { drawing, node } = reading;
  const others = [1, 2, 3, 4].map((input) => drawWeight(drawing, tensorAt(reading, input), 'same'));
  return drawNode(drawing, {
    name: node.name,
    opType: 'BatchNormalization',
    input: mapAt(reading, 0),
    others,
    attributes: { epsilon: node.attributes.epsilon?.f ?? 1e-4 },
  });
};

/** An operation of two maps, or of a map and a constant. */
const arithmetic =
  (opType: 'Add' | 'Sub' | 'Mul' | 'Div'): GraphRule =>
  (reading) => {
    const { drawing, maps, node } = reading;
    const [left = '', right = ''] = node.inputs;
    const turns = opType === 'Add' || opType === 'Mul';
    if (maps.has(left) && maps.has(right)) {
      const input = mapAt(reading, 0);
      const others = [mapAt(reading, 1).name];
      return drawNode(drawing, { name: node.name, opType, input, others });
    }
    const at = maps.has(left) ? 0 : 1;
    if (at === 1 && !turns) throw refusedNode(reading, 'has a constant in front');
    const { shape, data } = tensorAt(reading, 1 - at);
    if (data.length !== 1 && data.length !== shape.at(-1)) {
      throw refusedNode(reading, `has a constant of the shape [${shape.join(', ')}]`);
    }
    return drawScale(drawing, node.name, mapAt(reading, at), { opType, data });
  };

const pool =
  (opType: 'MaxPool' | 'AveragePool'): GraphRule =>
  (reading) => {
    const [, rows = 1, columns = 1] = wholesOfNode(reading.node, 'ksize') ?? [];
    const window = windowOfNode(reading, [rows, columns]);
    return drawPool(reading.drawing, reading.node.name, mapAt(reading, 0), { opType, window });
  };

/** Rows and columns of a map [images, rows, columns, channels], counted from its end too. */
function requireSpace(reading: NodeReading, axes: readonly number[]): void {
  const counted = axes.map((axis) => (axis < 0 ? axis + 4 : axis));
  if (counted.toSorted().join() === '1,2') return;
  throw refusedNode(reading, `is over the axes ${axes.join(', ')}`);
}

const mean: GraphRule = (reading) => {
  const { drawing, node } = reading;
  requireSpace(reading, [...tensorAt(reading, 1).data]);
  return drawGlobalPool(drawing, node.name, mapAt(reading, 0), {
    opType: 'GlobalAveragePool',
    kept: node.attributes.keep_dims?.b === true,
  });
};

const reshape: GraphRule = (reading) => {
  const { drawing, node, sizes } = reading;
  const [, shape = ''] = node.inputs;
  const [, ...rest] = sizes.get(shape) ?? numbersOfNode(reading, shape) ?? [];
  if (rest.length === 1) return drawFlatten(drawing, node.name, mapAt(reading, 0));
  const [height, width, channels] = rest;
  if (rest.length !== 3 || height !== 1 || width !== 1 || !isCount(channels)) {
    throw refusedNode(reading, 'gives other than rows, or maps of one position');
  }
  return drawSinglePosition(drawing, node.name, mapAt(reading, 0), channels);
};

const squeeze: GraphRule = (reading) => {
  const { drawing, node } = reading;
  requireSpace(reading, wholesOfNode(node, 'squeeze_dims') ?? wholesOfNode(node, 'axis') ?? []);
  return drawFlatten(drawing, node.name, mapAt(reading, 0));
};

const pad: GraphRule = (reading) => {
  const { drawing, node } = reading;
  const filled = node.op === 'PadV2' && tensorAt(reading, 2).data.some((value) => value !== 0);
  const pads = [...tensorAt(reading, 1).data];
  const [ahead = 0, behind = 0, top = 0, bottom = 0, left = 0, right = 0, before = 0, after = 0] =
    pads;
  if (filled || pads.length !== 8 || !pads.every(Number.isInteger) || ahead !== 0 || behind !== 0) {
    throw refusedNode(reading, 'pads by other than zeros around a map');
  }
  return drawPad(
    drawing,
    node.name,
    mapAt(reading, 0),
    [top, left, bottom, right],
    [before, after],
  );
};

const concat: GraphRule = (reading) => {
  const { drawing, node } = reading;
  const count = node.inputs.length - 1;
  const inputs = Array.from({ length: count }, (_, input) => mapAt(reading, input));
  const [axis = 0] = tensorAt(reading, count).data;
  if (axis !== -1 && axis !== (inputs[0]?.kind === 'map' ? 3 : 1)) {
    throw refusedNode(reading, `is along the axis ${axis}`);
  }
  return drawConcat(drawing, node.name, inputs);
};

const softmax: GraphRule = (reading) => {
  const { drawing, node } = reading;
  const input = mapAt(reading, 0);
  const attributes = { axis: input.kind === 'map' ? 1 : -1 };
  return drawNode(drawing, { name: node.name, opType: 'Softmax', input, attributes });
};

function isCount(size: number | undefined): size is number {
  return size !== undefined && Number.isInteger(size) && size >= 1;
}

/** Operations of TensorFlow by their names. */
export const RULES: Readonly<Record<string, GraphRule>> = {
  Add: arithmetic('Add'),
  AddV2: arithmetic('Add'),
  AvgPool: pool('AveragePool'),
  BiasAdd: arithmetic('Add'),
  ConcatV2: concat,
  Conv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedBatchNorm: batchNormalization,
  FusedBatchNormV2: batchNormalization,
  FusedBatchNormV3: batchNormalization,
  FusedDepthwiseConv2dNative: depthwise,
  MatMul: matmul,
  MaxPool: pool('MaxPool'),
  Mean: mean,
  Mul: arithmetic('Mul'),
  Pad: pad,
  PadV2: pad,
  RealDiv: arithmetic('Div'),
  Relu6: activation,
  Reshape: reshape,
  Softmax: softmax,
  Squeeze: squeeze,
  Sub: arithmetic('Sub'),
  _FusedConv2D: convolution,
  _FusedMatMul: matmul,
  ...Object.fromEntries(ACTIVATIONS.map((name) => [name, activation])),
};

export function refusedNode({ drawing, node }: NodeReading, problem: string): EspalierError {
  return new EspalierError(
    'bad-network',
    `The node ${quoted(node.name)} (${quoted(node.op)}) in ${drawing.file} ${problem}.`,
  );
}
