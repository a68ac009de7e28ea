import type { NodeProto } from 'onnx-buf';
import type { MapShape, Padding, Pair } from '../../graph/graph.js';
import { samePadding } from '../../graph/padding.js';
import { textAttribute, wholesAttribute } from './attributes.js';

/** What a convolution or a pool moves over its map. */
export interface WindowOfNode {
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Without the zeros that an earlier node put around the map. */
  readonly padding: Padding;
}

const NONE: Padding = { top: 0, left: 0, bottom: 0, right: 0 };

/**
 * The window of a node over a map of rows and columns; undefined for one with holes or of another
 * number of axes.
 */
export function windowOfNode(
  node: NodeProto,
  map: MapShape,
  kernel: readonly number[] | undefined = wholesAttribute(node, 'kernel_shape'),
): WindowOfNode | undefined {
  const stride = wholesAttribute(node, 'strides') ?? [1, 1];
  const dilations = wholesAttribute(node, 'dilations') ?? [];
  if (!isPair(kernel) || !isPair(stride) || dilations.some((step) => step !== 1)) return undefined;
  const auto = textAttribute(node, 'auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const { top, left, bottom, right } = samePadding(map, kernel, stride);
    const padding =
      auto === 'SAME_UPPER'
        ? { top, left, bottom, right }
        : { top: bottom, left: right, bottom: top, right: left };
    return { kernel, stride, padding };
  }
  const pads = auto === 'VALID' ? [] : (wholesAttribute(node, 'pads') ?? []);
  if (pads.length !== 0 && pads.length !== 4) return undefined;
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  return { kernel, stride, padding: { top, left, bottom, right } };
}

/** Zeros around zeros. */
export function addPadding(one: Padding, other: Padding = NONE): Padding {
  return {
    top: one.top + other.top,
    left: one.left + other.left,
    bottom: one.bottom + other.bottom,
    right: one.right + other.right,
  };
}

/** A map with its padding. */
export function paddedShape(map: MapShape, padding: Padding = NONE): MapShape {
  const { top, left, bottom, right } = padding;
  return {
    channels: map.channels,
    height: map.height + top + bottom,
    width: map.width + left + right,
  };
}

/** Whether there is no padding at all. */
export function isUnpadded({ top, left, bottom, right }: Padding): boolean {
  return top === 0 && left === 0 && bottom === 0 && right === 0;
}

function isPair(sizes: readonly number[] | undefined): sizes is Pair {
  return sizes?.length === 2;
}
