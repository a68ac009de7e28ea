import { clearField, create } from '@bufbuild/protobuf';
import type { AttributeProto, GraphProto, TensorProto } from 'onnx-buf';
import {
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from 'onnx-buf';
import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import { decodeOnnx } from './file.js';
import { type ExternalFiles, externalPlace } from './tensors.js';

/** Where tensors begin in a file of their own, so that it can be mapped into memory. */
const ALIGNMENT = 4096;

/**
 * The names of the files that an ONNX file keeps tensors in, relative to its own folder.
 *
 * @throws EspalierError `bad-data` as `readOnnx` does, and for a name that leads out of the folder.
 */
export function externalFiles(bytes: Uint8Array, file: string): readonly string[] {
  const { graph } = decodeOnnx(bytes, file);
  const names = new Set(externalTensors(graph).map((tensor) => externalPlace(tensor).location));
  for (const name of names) {
    if (name !== '' && !/^([\\/]|[A-Za-z]:)|(^|[\\/])\.\.([\\/]|$)/.test(name)) continue;
    throw new EspalierError(
      'bad-data',
      `${file} wants tensors from ${quoted(name)}; a file beside it or in a folder there is needed.`,
    );
  }
  return [...names];
}

/** The tensors of a graph that lie in files of their own. */
function externalTensors(graph: GraphProto): readonly TensorProto[] {
  const inner = (attribute: AttributeProto): readonly TensorProto[] => [
    ...(attribute.t ? [attribute.t] : []),
    ...attribute.tensors,
    ...[...(attribute.g ? [attribute.g] : []), ...attribute.graphs].flatMap(externalTensors),
  ];
  const all = [
    ...graph.initializer,
    ...graph.node.flatMap(({ attribute }) => attribute.flatMap(inner)),
  ];
  return all.filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL);
}

/**
 * Moves the numbers of tensors that lie in other files to one new file, those that were replaced and
 * those that were not, in the graph's order.
 *
 * @param location what the new file is called.
 * @param before the files that hold the ones that were not replaced.
 */
export function takeOutExternal(
  graph: GraphProto,
  location: string,
  before: ExternalFiles,
): ExternalFiles {
  const parts: { readonly bytes: Uint8Array; readonly offset: number }[] = [];
  let end = 0;
  for (const tensor of externalTensors(graph)) {
    const { rawData } = tensor;
    const bytes = rawData.length > 0 ? rawData : externalBytes(tensor, before);
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = offset + bytes.length;
    parts.push({ bytes, offset });
    clearField(tensor, TensorProtoSchema.field.rawData);
    tensor.externalData = Object.entries({
      location,
      offset: `${offset}`,
      length: `${bytes.length}`,
    }).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
  }
  if (parts.length === 0) return new Map();
  const all = new Uint8Array(end);
  for (const { bytes, offset } of parts) all.set(bytes, offset);
  return new Map([[location, all]]);
}

function externalBytes(tensor: TensorProto, before: ExternalFiles): Uint8Array {
  const { location, offset, length } = externalPlace(tensor);
  const whole = before.get(location) ?? new Uint8Array();
  return whole.subarray(offset, length === undefined ? whole.length : offset + length);
}
