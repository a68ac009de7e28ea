import { clone, create } from '@bufbuild/protobuf';
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { attribute } from './attributes.js';
import type { CountUse, ParameterUse } from './builder.js';
import type { TensorAddress } from './constants.js';
import { readNames } from './proto.js';
import { type Numbers, setNumbers } from './tensors.js';

/** A tensor that a node reads, with the sizes and numbers that it should have. */
export interface TensorEdit extends ParameterUse {
  readonly dims: readonly number[];
  readonly numbers: Numbers;
  /** Whether they are others than it has. */
  readonly changed: boolean;
}

/** Changes a graph of a file, each change as small as it can be. */
export interface Editor {
  /**
   * Replaces tensors. One that is read for nothing else is changed where it stands. Where its readers
   * are to have different ones, or another reads it that keeps it, those that change get their own.
   */
  readonly replaceTensors: (edits: readonly TensorEdit[]) => void;
  /** Gives a node other whole numbers, at an input or as an attribute, unless it has them already. */
  readonly replaceWholes: (use: CountUse) => void;
  /** Removes the nodes that nobody reads, and the tensors that have lost their last reader. */
  readonly sweep: () => void;
}

/** Versions of the format from which on tensors need not be listed as inputs. */
const UNLISTED = 4n;

/** Opens a graph for changes. */
export function openEditor({ irVersion }: ModelProto, graph: GraphProto): Editor {
  const roots = rootsOfNames(graph);
  const reads = readsByRoot(graph, roots);
  const readBefore = new Set(graph.node.flatMap(readNames));
  const names = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.input.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  /** Adds a tensor beside the nodes under a name of its own, which a node then reads. */
  const addTensor = (tensor: TensorProto, like: string): string => {
    let name = `${like}_pruned`;
    for (let use = 2; names.has(name); use++) name = `${like}_pruned_${use}`;
    names.add(name);
    tensor.name = name;
    graph.initializer.push(tensor);
    if (irVersion < UNLISTED) graph.input.push(listedTensor(tensor));
    return name;
  };
  const repoint = ({ node, input }: Pick<TensorEdit, 'node' | 'input'>, name: string): void => {
    const own = graph.node[node];
    if (own) own.input[input] = name;
  };
  const nameAt = ({ node, input }: Pick<TensorEdit, 'node' | 'input'>): string =>
    graph.node[node]?.input[input] ?? '';
  return {
    replaceTensors: (edits) => {
      const groups = new Map<string, TensorEdit[]>();
      edits.forEach((edit, at) => {
        const key = edit.address ? keyOfAddress(edit.address) : `computed ${at}`;
        groups.set(key, [...(groups.get(key) ?? []), edit]);
      });
      for (const [key, own] of groups) {
        const [first] = own as [TensorEdit];
        const tensor = first.address && tensorAt(graph, first.address);
        const alone = reads.get(key) === own.length && own.every((edit) => isAlike(edit, first));
        if (tensor && alone) {
          if (first.changed) setNumbers(tensor, first.dims, first.numbers);
          continue;
        }
        const made: { readonly edit: TensorEdit; readonly name: string }[] = [];
        for (const edit of own.filter(({ changed }) => changed)) {
          let name = made.find((other) => isAlike(other.edit, edit))?.name;
          if (name === undefined) {
            const copy = tensor
              ? clone(TensorProtoSchema, tensor)
              : create(TensorProtoSchema, { dataType: edit.type });
            setNumbers(copy, edit.dims, edit.numbers);
            name = addTensor(copy, nameAt(edit));
            made.push({ edit, name });
          }
          repoint(edit, name);
        }
      }
    },
    replaceWholes: ({ node, from, numbers }) => {
      const own = graph.node[node];
      if (!own) return;
      const ints = numbers.map(BigInt);
      if (typeof from === 'string') {
        const found = attribute(own, from);
        if (found) found.ints = ints;
        return;
      }
      const name = own.input[from] ?? '';
      const root = roots.get(name);
      const tensor = root && tensorAt(graph, root);
      if (tensor && hasWholes(tensor, ints)) return;
      if (root && tensor && reads.get(keyOfAddress(root)) === 1) {
        setNumbers(tensor, [numbers.length], Float64Array.from(numbers));
        return;
      }
      const made = create(TensorProtoSchema, {
        dataType: DataType.INT64,
        dims: [BigInt(numbers.length)],
        int64Data: ints,
      });
      repoint({ node, input: from }, addTensor(made, name));
    },
    sweep: () => {
      for (;;) {
        const read = new Set([
          ...graph.node.flatMap(readNames),
          ...graph.output.map(({ name }) => name),
        ]);
        const kept = graph.node.filter(({ output }) => output.some((name) => read.has(name)));
        if (kept.length < graph.node.length) {
          graph.node = kept;
          continue;
        }
        const lost = (name: string) => readBefore.has(name) && !read.has(name);
        const gone = new Set(
          graph.initializer.map(({ name }) => name).filter((name) => lost(name)),
        );
        graph.initializer = graph.initializer.filter(({ name }) => !gone.has(name));
        graph.input = graph.input.filter(({ name }) => !gone.has(name));
        return;
      }
    },
  };
}

function keyOfAddress(address: TensorAddress): string {
  return address.in === 'node'
    ? `node ${address.at} ${address.attribute}`
    : `initializer ${address.at}`;
}

function tensorAt(graph: GraphProto, address: TensorAddress): TensorProto | undefined {
  if (address.in === 'initializer') return graph.initializer[address.at];
  return graph.node[address.at]?.attribute[address.attribute]?.t;
}

/** Operations that give a tensor under another name, or in another type. */
const ALIASES = ['Identity', 'Cast'];

/** The tensor that each name stands for, through any number of aliases. */
function rootsOfNames(graph: GraphProto): Map<string, TensorAddress> {
  const roots = new Map<string, TensorAddress>();
  graph.initializer.forEach(({ name }, at) => {
    roots.set(name, { in: 'initializer', at });
  });
  graph.node.forEach(({ opType, attribute: all, input, output }, at) => {
    const [name = ''] = output;
    const own = all.findIndex((candidate) => candidate.name === 'value' && candidate.t);
    const root = ALIASES.includes(opType) ? roots.get(input[0] ?? '') : undefined;
    if (opType === 'Constant' && own >= 0) roots.set(name, { in: 'node', at, attribute: own });
    else if (root) roots.set(name, root);
  });
  return roots;
}

/** How often each tensor is read, by whatever name. */
function readsByRoot(
  graph: GraphProto,
  roots: ReadonlyMap<string, TensorAddress>,
): ReadonlyMap<string, number> {
  const reads = new Map<string, number>();
  const readers = graph.node.filter(({ opType }) => !ALIASES.includes(opType));
  for (const name of [...readers.flatMap(readNames), ...graph.output.map((own) => own.name)]) {
    const root = roots.get(name);
    if (root) reads.set(keyOfAddress(root), (reads.get(keyOfAddress(root)) ?? 0) + 1);
  }
  return reads;
}

function isAlike(one: TensorEdit, other: TensorEdit): boolean {
  if (one === other) return true;
  return (
    one.dims.join() === other.dims.join() &&
    one.numbers.every((value, at) => Object.is(value, other.numbers[at]))
  );
}

function hasWholes(
  { dataType, rawData, int64Data }: TensorProto,
  ints: readonly bigint[],
): boolean {
  if (dataType !== DataType.INT64) return false;
  const own = rawData.length > 0 ? new BigInt64Array(new Uint8Array(rawData).buffer) : int64Data;
  return own.length === ints.length && ints.every((value, at) => value === own[at]);
}

/** A tensor as the older format lists it among the inputs. */
function listedTensor({ name, dataType, dims }: TensorProto) {
  const dim = dims.map((size) => ({ value: { case: 'dimValue' as const, value: size } }));
  const shape = create(TensorShapeProtoSchema, { dim });
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: dataType, shape } } },
  });
}
