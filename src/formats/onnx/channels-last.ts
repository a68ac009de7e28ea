import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import { transposed } from './constants.js';
import { type Draft, draftFloats, draftNode, draftWholes } from './draft.js';

/**
 * Draws what frameworks whose maps have their channels last (Keras, TensorFlow) know as nodes of an ONNX
 * file, whose maps have them first. What is read by the same rules as any other ONNX file needs no
 * reader of its own.
 */
export interface Drawing extends Draft {
  /** What the network is read from. */
  readonly file: string;
  /** How each tensor of the framework lies in the file under construction, by its name. */
  readonly layouts: Map<string, WeightLayout>;
}

/** A value under construction: a map, of which the framework has the channels last, or a row an image. */
export interface Drawn {
  readonly name: string;
  readonly kind: 'map' | 'row';
}

/** A tensor of the framework. */
export interface LayerTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * What a tensor of the framework is in ONNX: filters [rows, columns, inputs, outputs] are [outputs, inputs,
 * rows, columns], depthwise ones [rows, columns, channels, each] are [channels · each, 1, rows, columns], and
 * a matrix [inputs, outputs] over every position is a filter of one tap.
 */
export type WeightLayout = 'same' | 'filter' | 'depthwise' | 'pointwise';

/**
 * Adds a tensor, once however many nodes read it, and gives its name.
 *
 * @throws EspalierError `bad-data` for another number of axes.
 */
export function drawWeight(drawing: Drawing, tensor: LayerTensor, layout: WeightLayout): string {
  const { name, shape, data } = tensor;
  if (drawing.layouts.has(name)) return name;
  const axes = layout === 'same' ? shape.length : layout === 'pointwise' ? 2 : 4;
  if (shape.length !== axes || shape.reduce((all, size) => all * size, 1) !== data.length) {
    throw new EspalierError(
      'bad-data',
      `The tensor ${quoted(name)} in ${drawing.file} has the shape [${shape.join(', ')}]; one of ${axes} axes is needed there.`,
    );
  }
  drawing.layouts.set(name, layout);
  const own = { dims: shape, numbers: () => data };
  const [rows = 1, columns = 1, inputs = 1, outputs = 1] = shape;
  switch (layout) {
    case 'same':
      return draftFloats(drawing, name, shape, data);
    case 'filter':
      return draftFloats(
        drawing,
        name,
        [outputs, inputs, rows, columns],
        transposed(own, [3, 2, 0, 1]),
      );
    case 'depthwise':
      return draftFloats(
        drawing,
        name,
        [inputs * outputs, 1, rows, columns],
        transposed(own, [2, 3, 0, 1]),
      );
    case 'pointwise':
      return draftFloats(drawing, name, [columns, rows, 1, 1], transposed(own, [1, 0]));
  }
}

/**
 * What the framework has for a tensor of the file.
 *
 * @param each how many filters a channel has, of depthwise ones.
 */
export function layerTensor(
  layout: WeightLayout,
  { dims, numbers }: { readonly dims: readonly number[]; readonly numbers: Float32Array },
  each = 1,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const [outputs = 1, inputs = 1, rows = 1, columns = 1] = dims;
  const turned = (sizes: readonly number[], order: readonly number[]) => ({
    shape: order.map((axis) => sizes[axis] as number),
    data: transposed({ dims: sizes, numbers: () => numbers }, order),
  });
  switch (layout) {
    case 'same':
      return { shape: dims, data: numbers };
    case 'filter':
      return turned([outputs, inputs, rows, columns], [2, 3, 1, 0]);
    case 'depthwise':
      return turned([outputs / each, each, rows, columns], [2, 3, 0, 1]);
    case 'pointwise':
      return turned([outputs, inputs], [1, 0]);
  }
}

/** A window as the framework describes it. */
export interface DrawnWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** `same` pads so that a stride of one keeps the map's size; numbers are above, left, below, right. */
  readonly padding: 'same' | 'valid' | readonly [number, number, number, number];
}

function windowAttributes({ kernel, strides, padding }: DrawnWindow) {
  const pads =
    padding === 'same' ? { auto_pad: 'SAME_UPPER' } : padding === 'valid' ? {} : { pads: padding };
  return { kernel_shape: kernel, strides, ...pads };
}

/** One output more: what a node gives. */
export interface DrawnNode {
  readonly name: string;
  readonly opType: string;
  readonly input: Drawn;
  readonly others?: readonly string[];
  readonly attributes?: Parameters<typeof draftNode>[1]['attributes'];
}

/** A node whose output is of its input's kind. */
export function drawNode(
  drawing: Drawing,
  { name, opType, input, others = [], attributes = {} }: DrawnNode,
): Drawn {
  draftNode(drawing, { opType, from: [input.name, ...others], to: name, attributes });
  return { name, kind: input.kind };
}

/** A convolution with tensors that are drawn already. */
export function drawConvolution(
  drawing: Drawing,
  name: string,
  input: Drawn,
  {
    window,
    tensors,
    groups,
  }: {
    readonly window: DrawnWindow;
    /** The filters, and biases where there are some. */
    readonly tensors: readonly string[];
    readonly groups: number;
  },
): Drawn {
  requireKind(drawing, name, input, 'map');
  const attributes = { ...windowAttributes(window), group: groups };
  return drawNode(drawing, { name, opType: 'Conv', input, others: tensors, attributes });
}

/** A pool by windows. */
export function drawPool(
  drawing: Drawing,
  name: string,
  input: Drawn,
  { opType, window }: { readonly opType: 'MaxPool' | 'AveragePool'; readonly window: DrawnWindow },
): Drawn {
  requireKind(drawing, name, input, 'map');
  return drawNode(drawing, { name, opType, input, attributes: windowAttributes(window) });
}

/** The mean or the largest of each channel, as a row or as a map of one position. */
export function drawGlobalPool(
  drawing: Drawing,
  name: string,
  input: Drawn,
  {
    opType,
    kept,
  }: {
    readonly opType: 'GlobalAveragePool' | 'GlobalMaxPool';
    readonly kept: boolean;
  },
): Drawn {
  requireKind(drawing, name, input, 'map');
  if (kept) return drawNode(drawing, { name, opType, input });
  const map = drawNode(drawing, { name: `${name}/map`, opType, input });
  drawNode(drawing, { name, opType: 'Flatten', input: map });
  return { name, kind: 'row' };
}

/** x · kernel + bias, on rows; the kernel is [inputs, outputs]. */
export function drawDense(
  drawing: Drawing,
  name: string,
  input: Drawn,
  { kernel, bias }: { readonly kernel: LayerTensor; readonly bias: LayerTensor | undefined },
): Drawn {
  const biases = bias ? [drawWeight(drawing, bias, 'same')] : [];
  if (input.kind === 'row') {
    const others = [drawWeight(drawing, kernel, 'same'), ...biases];
    return drawNode(drawing, { name, opType: 'Gemm', input, others });
  }
  return drawConvolution(drawing, name, input, {
    window: { kernel: [1, 1], strides: [1, 1], padding: 'valid' },
    tensors: [drawWeight(drawing, kernel, 'pointwise'), ...biases],
    groups: 1,
  });
}

/** An operation with numbers of the framework's last axis: one, or one a channel. */
export function drawScale(
  drawing: Drawing,
  name: string,
  input: Drawn,
  {
    opType,
    data,
  }: {
    readonly opType: 'Add' | 'Sub' | 'Mul' | 'Div';
    readonly data: Float32Array;
  },
): Drawn {
  const dims = data.length === 1 ? [] : input.kind === 'map' ? [data.length, 1, 1] : [data.length];
  const constant = draftFloats(drawing, `${name}/constant`, dims, data);
  return drawNode(drawing, { name, opType, input, others: [constant] });
}

/** min(max(x, least), most). */
export function drawClip(
  drawing: Drawing,
  name: string,
  input: Drawn,
  [least, most]: readonly [number, number],
): Drawn {
  const others = [
    draftFloats(drawing, `${name}/least`, [], [least]),
    draftFloats(drawing, `${name}/most`, [], [most]),
  ];
  return drawNode(drawing, { name, opType: 'Clip', input, others });
}

/** A row an image, position by position with the channels last, as the framework flattens. */
export function drawFlatten(drawing: Drawing, name: string, input: Drawn): Drawn {
  if (input.kind === 'row') return drawNode(drawing, { name, opType: 'Identity', input });
  const last = drawNode(drawing, {
    name: `${name}/channels last`,
    opType: 'Transpose',
    input,
    attributes: { perm: [0, 2, 3, 1] },
  });
  drawNode(drawing, { name, opType: 'Flatten', input: last });
  return { name, kind: 'row' };
}

/** A row, or a map of one position, as a map of one position. */
export function drawSinglePosition(
  drawing: Drawing,
  name: string,
  input: Drawn,
  channels: number,
): Drawn {
  const shape = draftWholes(drawing, `${name}/shape`, [-1, channels, 1, 1]);
  drawNode(drawing, { name, opType: 'Reshape', input, others: [shape] });
  return { name, kind: 'map' };
}

/** Zeros around a map. */
export function drawPad(
  drawing: Drawing,
  name: string,
  input: Drawn,
  [top, left, bottom, right]: readonly [number, number, number, number],
  [before, after]: readonly [number, number] = [0, 0],
): Drawn {
  requireKind(drawing, name, input, 'map');
  const pads = draftWholes(drawing, `${name}/pads`, [
    0,
    before,
    top,
    left,
    0,
    after,
    bottom,
    right,
  ]);
  return drawNode(drawing, { name, opType: 'Pad', input, others: [pads] });
}

/** Maps, or rows, one behind the other by their channels. */
export function drawConcat(drawing: Drawing, name: string, inputs: readonly Drawn[]): Drawn {
  const [input, ...others] = inputs as [Drawn, ...Drawn[]];
  for (const other of others) requireKind(drawing, name, other, input.kind);
  return drawNode(drawing, {
    name,
    opType: 'Concat',
    input,
    others: others.map((other) => other.name),
    attributes: { axis: 1 },
  });
}

/** @throws EspalierError `bad-network` naming the node that reads another kind of value. */
function requireKind(drawing: Drawing, name: string, input: Drawn, kind: Drawn['kind']): void {
  if (input.kind === kind) return;
  const words = { map: 'a map with rows and columns', row: 'a row an image' };
  throw new EspalierError(
    'bad-network',
    `${quoted(name)} in ${drawing.file} reads ${words[input.kind]}, and works on ${words[kind]}.`,
  );
}
