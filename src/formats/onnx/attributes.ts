import type { AttributeProto, NodeProto } from 'onnx-buf';

/** An attribute of a node by its name. */
export function attribute({ attribute: all }: NodeProto, name: string): AttributeProto | undefined {
  return all.find((own) => own.name === name);
}

/** A whole number, or what the operator takes where it is left out. */
export function wholeAttribute(node: NodeProto, name: string, otherwise: number): number {
  const found = attribute(node, name);
  return found ? Number(found.i) : otherwise;
}

/** A number, or what the operator takes where it is left out. */
export function floatAttribute(node: NodeProto, name: string, otherwise: number): number {
  return attribute(node, name)?.f ?? otherwise;
}

/** Whole numbers, where they are given. */
export function wholesAttribute(node: NodeProto, name: string): readonly number[] | undefined {
  return attribute(node, name)?.ints.map(Number);
}

/** Text, or what the operator takes where it is left out. */
export function textAttribute(node: NodeProto, name: string, otherwise: string): string {
  const found = attribute(node, name);
  return found ? new TextDecoder().decode(found.s) : otherwise;
}
