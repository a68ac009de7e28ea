import { textAttribute, wholeAttribute, wholesAttribute } from './attributes.js';
import {
  addNode,
  type CountUse,
  constantAt,
  type OnnxAxes,
  type OnnxValue,
  type PlainValue,
  plainAt,
  type Reading,
  type Rule,
  shapeOfValue,
  valueAt,
} from './builder.js';
import { axesOfNode, type Constant, smallNumbers } from './constants.js';
import { addPadding } from './windows.js';

/** Transpose between channels first and channels last: the map is the same, read in another order. */
export const transpose: Rule = (reading) => {
  const value = valueAt(reading, 0);
  const order = wholesAttribute(reading.node, 'perm');
  if (!value?.axes || !order || value.positions) return undefined;
  const letters = order.map((axis) => value.axes?.[axis]).join('');
  const axes = (['NCHW', 'NHWC', 'NC'] as const).find((known) => known === letters);
  if (axes) return { ...value, axes };
  // A vector may be turned in any way that leaves the images in front.
  return undefined;
};

/** Flatten behind the images. */
export const flatten: Rule = (reading) => {
  const value = plainAt(reading, 0);
  const axis = wholeAttribute(reading.node, 'axis', 1);
  if (!value || (axis < 0 ? axis + value.axes.length : axis) !== 1) return undefined;
  return asRows(reading, value);
};

/** Reshape to one row an image, or of a vector to a map of one position. */
export const reshape: Rule = (reading) => {
  const { builder, node, at } = reading;
  const [value, constant] = [plainAt(reading, 0), constantAt(reading, 1)];
  const sizes = constant && smallNumbers(constant);
  if (!value || !sizes || wholeAttribute(node, 'allowzero', 0) !== 0) return undefined;
  const { channels, height, width } = shapeOfValue(builder, value);
  const all = channels * height * width;
  const whole = (size: number | undefined, axis: number, real: number) =>
    size === real || size === -1 || (size === 0 && sizeOfAxis(reading, value, axis) === real);
  const perImage = isImages(reading, sizes[0]);
  if (!perImage || sizes.filter((size) => size === -1).length > 1) return undefined;
  // What only a run knows is the number of images, which 0 takes over.
  const numbers = sizes.map((size) => (Number.isNaN(size) ? 0 : size));
  const use = (place: number, count: 'channels', map: string) =>
    countUse(constant, { node: at, from: 1, numbers, at: place, map, count }, builder.counts);
  if (sizes.length === 2 && whole(sizes[1], 1, all)) {
    const rows = asRows(reading, value);
    if ((sizes[1] as number) > 0) use(1, 'channels', rows.map);
    return rows;
  }
  if (sizes.length !== 4 || height * width > 1) return undefined;
  const first = whole(sizes[1], 1, channels) && sizes[2] === 1 && sizes[3] === 1;
  const last = whole(sizes[3], 3, channels) && sizes[1] === 1 && sizes[2] === 1;
  if (!first && !last) return undefined;
  const place = first ? 1 : 3;
  if ((sizes[place] as number) > 0) use(place, 'channels', value.map);
  return { ...value, axes: first ? 'NCHW' : 'NHWC' };
};

/** Squeeze of a map of one position to a vector. */
export const squeeze: Rule = (reading) => {
  const value = plainAt(reading, 0);
  const axes = axesOfNode(reading.node, constantAt(reading, 1));
  if (!value || value.axes === 'NC' || axes?.length !== 2) return undefined;
  const letters = axes.map((axis) => value.axes.at(axis)).sort();
  const { height, width } = shapeOfValue(reading.builder, value);
  return letters.join('') === 'HW' && height * width === 1 ? { ...value, axes: 'NC' } : undefined;
};

/** Unsqueeze of a vector to a map of one position. */
export const unsqueeze: Rule = (reading) => {
  const value = plainAt(reading, 0);
  const axes = axesOfNode(reading.node, constantAt(reading, 1));
  if (value?.axes !== 'NC' || axes?.length !== 2) return undefined;
  const places = axes.map((axis) => (axis < 0 ? axis + 4 : axis)).toSorted();
  const known: Readonly<Record<string, OnnxAxes>> = { '2,3': 'NCHW', '1,2': 'NHWC' };
  const own = known[places.join()];
  return own && { ...value, axes: own };
};

/** Concat of maps by their channels. */
export const concat: Rule = (reading) => {
  const { builder, node, name } = reading;
  const values = node.input.map((_, at) => plainAt(reading, at));
  const [first] = values;
  if (!first || values.some((value) => value?.axes !== first.axes)) return undefined;
  if (first.axes.at(wholeAttribute(node, 'axis', 1)) !== 'C') return undefined;
  if (values.length === 1) return first;
  const inputs = values.map((value) => (value as OnnxValue).map);
  const sizes = new Set(
    inputs.map((map) => {
      const { height, width } = shapeOfValue(builder, { map, axes: first.axes });
      return `${height} × ${width}`;
    }),
  );
  if (sizes.size > 1) return undefined;
  return { map: addNode(reading, { kind: 'concatenation', name, inputs }), axes: first.axes };
};

/** Slice that takes every so-manieth row and column from the first on. */
export const slice: Rule = (reading) => {
  const { builder, node, name } = reading;
  const value = plainAt(reading, 0);
  if (!value) return undefined;
  const list = (input: number, attribute: string) =>
    builder.opset < 10 ? wholesAttribute(node, attribute) : constantNumbers(reading, input);
  const [starts, ends] = [list(1, 'starts'), list(2, 'ends')];
  if (!starts || !ends) return undefined;
  const axes = list(3, 'axes') ?? starts.map((_, axis) => axis);
  const steps = list(4, 'steps') ?? starts.map(() => 1);
  const strides = { H: 1, W: 1 };
  for (const [at, axis] of axes.entries()) {
    const letter = value.axes.at(axis);
    const size = sizeOfAxis(reading, value, axis);
    const step = steps[at] ?? 0;
    const whole = starts[at] === 0 && size !== undefined && (ends[at] ?? 0) >= size;
    if (!whole || step < 1) return undefined;
    if (letter === 'H' || letter === 'W') strides[letter] = step;
    else if (step !== 1) return undefined;
  }
  if (strides.H === 1 && strides.W === 1) return value;
  const stride = [strides.H, strides.W] as const;
  const map = addNode(reading, { kind: 'strided-slice', name, inputs: [value.map], stride });
  return { ...value, map };
};

/**
 * Pad with zeros: of rows and columns, which the windows behind move over, and of channels, as identity
 * shortcuts have them.
 */
export const pad: Rule = (reading) => {
  const { builder, node, name, at } = reading;
  const value = valueAt(reading, 0);
  const old = builder.opset < 11;
  const pads = old ? wholesAttribute(node, 'pads') : constantNumbers(reading, 1);
  const isConstant = textAttribute(node, 'mode', 'constant') === 'constant';
  if (!value?.axes || value.axes === 'NC' || !pads || !isConstant || !padsByZero(reading)) {
    return undefined;
  }
  const axes = constantNumbers(reading, 3) ?? [0, 1, 2, 3];
  if (pads.length !== 2 * axes.length || pads.some((size) => !(size >= 0))) return undefined;
  const places = new Map(axes.map((axis, place) => [value.axes?.at(axis), place]));
  const padsOf = (letter: string): readonly [number, number] => {
    const place = places.get(letter);
    return place === undefined
      ? [0, 0]
      : [pads[place] as number, pads[place + axes.length] as number];
  };
  if (padsOf('N').some((size) => size > 0)) return undefined;
  const [[before, after], [top, bottom], [left, right]] = [padsOf('C'), padsOf('H'), padsOf('W')];
  let { map } = value;
  if (before > 0 || after > 0) {
    map = addNode(reading, { kind: 'channel-pad', name, inputs: [map], before, after });
    const place = places.get('C') as number;
    for (const [own, count] of [
      [place, 'before'],
      [place + axes.length, 'after'],
    ] as const) {
      const use = { node: at, from: old ? 'pads' : 1, numbers: pads, at: own, map, count };
      countUse(old ? undefined : constantAt(reading, 1), use, builder.counts);
    }
  }
  const spatial = top + bottom + left + right > 0;
  const padding = spatial ? addPadding({ top, left, bottom, right }, value.padding) : value.padding;
  return { map, axes: value.axes, ...(padding && { padding }) };
};

function padsByZero(reading: Reading): boolean {
  const { node, builder } = reading;
  if (builder.opset < 11) return !node.attribute.some(({ name, f }) => name === 'value' && f !== 0);
  return !node.input[2] || constantAt(reading, 2)?.numbers()[0] === 0;
}

/** A vector an image: nothing moves where the map has one position. */
function asRows(reading: Reading, value: PlainValue): OnnxValue {
  const { builder, name } = reading;
  const { height, width } = shapeOfValue(builder, value);
  const positions = height * width;
  if (positions === 1) return { map: value.map, axes: 'NC' };
  const map = addNode(reading, { kind: 'flatten', name, inputs: [value.map] });
  return { map, axes: 'NC', ...(value.axes === 'NHWC' && { positions }) };
}

/** Notes a number that counts channels, if the file has it as such: one computed from a shape follows by itself. */
function countUse(constant: Constant | undefined, use: CountUse, counts: CountUse[]): void {
  if (constant?.live !== true) counts.push(use);
}

function constantNumbers(reading: Reading, input: number): readonly number[] | undefined {
  const constant = constantAt(reading, input);
  return constant && smallNumbers(constant);
}

function isImages({ builder: { images } }: Reading, size: number | undefined): boolean {
  if (size === undefined) return false;
  return Number.isNaN(size) || size === 0 || size === -1 || size === images;
}

function sizeOfAxis({ builder }: Reading, value: PlainValue, axis: number): number | undefined {
  const { channels, height, width } = shapeOfValue(builder, value);
  const sizes: Readonly<Record<string, number>> = { C: channels, H: height, W: width, N: 0 };
  return sizes[value.axes.at(axis) ?? ''];
}
