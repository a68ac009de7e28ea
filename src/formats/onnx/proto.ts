import type { GraphProto, NodeProto, ValueInfoProto } from 'onnx-buf';

/** The sizes that a file records for a value; undefined for one that it leaves open. */
export function recordedSizes({ type }: ValueInfoProto): (number | undefined)[] | undefined {
  if (type?.value.case !== 'tensorType') return undefined;
  return type.value.value.shape?.dim.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : undefined,
  );
}

/** How many nodes, or the file's outputs, read each value. */
export function countReaders(graph: GraphProto): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const name of [
    ...graph.output.map((output) => output.name),
    ...graph.node.flatMap(readNames),
  ]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

/** All names that a node reads, those that the graphs inside of it read from without among them. */
export function readNames({ input, attribute }: NodeProto): readonly string[] {
  const inner = attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
  return [
    ...input.filter(Boolean),
    ...inner.flatMap((graph) => [
      ...graph.node.flatMap(readNames),
      ...graph.output.map(({ name }) => name),
    ]),
  ];
}
