import type { Node, Padding, Pool } from '../../graph/graph.js';
import { wholeAttribute } from './attributes.js';
import {
  addNode,
  type Builder,
  constantAt,
  type OnnxValue,
  plainAt,
  type Reading,
  type Rule,
  shapeOfValue,
  valueAt,
} from './builder.js';
import { axesOfNode } from './constants.js';
import { addPadding, isUnpadded, paddedShape, type WindowOfNode, windowOfNode } from './windows.js';

/** MaxPool without a second output. */
export const maxPool: Rule = (reading) => {
  const { builder } = reading;
  const value = valueAt(reading, 0);
  // Zeros around a map are like nothing around it where it has no number below zero.
  if (value?.padding && !isNeverNegative(builder, value.map)) return undefined;
  return pool(reading, 'max-pool', true);
};

/** AveragePool. */
export const averagePool: Rule = (reading) => {
  const counted = wholeAttribute(reading.node, 'count_include_pad', 0) === 1;
  return pool(reading, 'average-pool', counted || valueAt(reading, 0)?.padding !== undefined);
};

function pool(reading: Reading, kind: Pool['kind'], countPads: boolean): OnnxValue | undefined {
  const { builder, node, name } = reading;
  const value = valueAt(reading, 0);
  if (value?.axes !== 'NCHW') return undefined;
  const shape = shapeOfValue(builder, value);
  const padded = paddedShape(shape, value.padding);
  const window = windowOfNode(node, padded);
  if (!window || (value.padding && !isUnpadded(window.padding))) return undefined;
  const ceiling = wholeAttribute(node, 'ceil_mode', 0) === 1;
  const more = ceiling ? roomForLast(window, padded) : { below: 0, right: 0 };
  const grows = more.below > 0 || more.right > 0;
  if (grows && countPads && kind === 'average-pool') return undefined;
  const padding = addPadding(addPadding(window.padding, value.padding), {
    top: 0,
    left: 0,
    bottom: more.below,
    right: more.right,
  });
  if (!isCovered(padding, window)) return undefined;
  const map = addNode(reading, { kind, name, inputs: [value.map], countPads, ...window, padding });
  return { map, axes: 'NCHW' };
}

/** Rows and columns that a last window, which begins on the map but is not whole, lacks. */
function roomForLast(
  { kernel, stride, padding }: WindowOfNode,
  map: { readonly height: number; readonly width: number },
): { readonly below: number; readonly right: number } {
  const lacking = (size: number, before: number, after: number, axis: 0 | 1) => {
    const places = Math.ceil((size + before + after - kernel[axis]) / stride[axis]);
    // A window that would begin behind the map is left out.
    const begins = places * stride[axis] < size + before;
    return begins ? places * stride[axis] + kernel[axis] - (size + before + after) : 0;
  };
  const { top, bottom, left, right } = padding;
  return {
    below: Math.max(0, lacking(map.height, top, bottom, 0)),
    right: Math.max(0, lacking(map.width, left, right, 1)),
  };
}

/** Whether every window has some of the map in it. */
function isCovered({ top, left, bottom, right }: Padding, { kernel }: WindowOfNode): boolean {
  return Math.max(top, bottom) < kernel[0] && Math.max(left, right) < kernel[1];
}

function isNeverNegative({ nodes }: Builder, map: string): boolean {
  const node = nodes.find(({ name }: Node) => name === map);
  return node?.kind === 'activation' && node.activation !== 'hard-swish';
}

/** GlobalAveragePool. */
export const globalAveragePool: Rule = (reading) => {
  const value = plainAt(reading, 0);
  return value?.axes === 'NCHW' ? globalAverage(reading, value, true) : undefined;
};

/** GlobalMaxPool: a window as large as the map. */
export const globalMaxPool: Rule = (reading) => {
  const { builder, name } = reading;
  const value = plainAt(reading, 0);
  if (value?.axes !== 'NCHW') return undefined;
  const { height, width } = shapeOfValue(builder, value);
  const map = addNode(reading, {
    kind: 'max-pool',
    name,
    inputs: [value.map],
    kernel: [height, width],
    stride: [1, 1],
    padding: { top: 0, left: 0, bottom: 0, right: 0 },
    countPads: true,
  });
  return { map, axes: 'NCHW' };
};

/** ReduceMean over rows and columns. */
export const reduceMean: Rule = (reading) => {
  const { node } = reading;
  const value = plainAt(reading, 0);
  const axes = axesOfNode(node, constantAt(reading, 1));
  if (!value || value.axes === 'NC' || axes?.length !== 2) return undefined;
  const letters = axes.map((axis) => value.axes.at(axis)).sort();
  if (letters.join('') !== 'HW') return undefined;
  return globalAverage(reading, value, wholeAttribute(node, 'keepdims', 1) === 1);
};

function globalAverage(reading: Reading, value: OnnxValue, kept: boolean): OnnxValue {
  const { name } = reading;
  const map = addNode(reading, { kind: 'global-average-pool', name, inputs: [value.map] });
  return { map, axes: kept ? value.axes : 'NC' };
}
