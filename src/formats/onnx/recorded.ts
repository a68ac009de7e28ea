import type { GraphProto, ValueInfoProto } from 'onnx-buf';
import type { Shapes } from '../../graph/shapes.js';
import type { OnnxValue } from './builder.js';

/**
 * Brings the shapes that a file records up to date: of values and of tensors that are listed as inputs.
 * What it leaves open stays open. Records of values that are no more go.
 */
export function recordShapes(
  graph: GraphProto,
  values: ReadonlyMap<string, OnnxValue>,
  shapes: Shapes,
): void {
  const tensors = new Map(graph.initializer.map(({ name, dims }) => [name, dims]));
  for (const { opType, input, output, attribute } of graph.node) {
    const own =
      opType === 'Identity' || opType === 'Cast' ? tensors.get(input[0] ?? '') : undefined;
    const dims = opType === 'Constant' ? attribute.find(({ t }) => t)?.t?.dims : own;
    if (dims) tensors.set(output[0] ?? '', dims);
  }
  const given = new Set(graph.node.flatMap(({ output }) => output));
  graph.valueInfo = graph.valueInfo.filter(({ name }) => given.has(name) || tensors.has(name));
  for (const info of [...graph.valueInfo, ...graph.input]) {
    const value = values.get(info.name);
    const sizes = value ? sizesOfValue(value, shapes) : tensors.get(info.name)?.map(Number);
    if (sizes) setSizes(info, sizes);
  }
}

/** The sizes of a value; undefined for that of the images, and for all where its axes are not known. */
function sizesOfValue(
  { map, axes, padding }: OnnxValue,
  shapes: Shapes,
): readonly (number | undefined)[] | undefined {
  const shape = shapes.get(map);
  if (!axes || !shape) return undefined;
  const { top, left, bottom, right } = padding ?? { top: 0, left: 0, bottom: 0, right: 0 };
  const sizes: Readonly<Record<string, number>> = {
    C: shape.channels,
    H: shape.height + top + bottom,
    W: shape.width + left + right,
  };
  return [...axes].map((axis) => sizes[axis]);
}

function setSizes({ type }: ValueInfoProto, sizes: readonly (number | undefined)[]): void {
  if (type?.value.case !== 'tensorType') return;
  const dims = type.value.value.shape?.dim ?? [];
  dims.forEach(({ value }, axis) => {
    const size = sizes[axis];
    if (value.case === 'dimValue' && size !== undefined) value.value = BigInt(size);
  });
}
