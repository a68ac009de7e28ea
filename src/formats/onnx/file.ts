import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { EspalierError, errorMessage } from '../../errors.js';

/** The newest version of ONNX's operators that is read, and the oldest. */
const NEWEST_OPSET = 21;
const OLDEST_OPSET = 7;

/** An ONNX file that was found to hold a network. */
export interface OnnxFile {
  readonly model: ModelProto;
  readonly graph: GraphProto;
  /** Version of ONNX's own operators. */
  readonly opset: number;
}

/** What a file begins with that is no ONNX but often taken for it, and what it is then. */
const LOOKALIKES: readonly (readonly [beginning: readonly number[], what: string])[] = [
  [[0x50, 0x4b], 'a zip archive, such as PyTorch’s .pth'],
  [[0x80, 0x02], 'a pickle, such as PyTorch’s old .th'],
  [[0x89, 0x48, 0x44, 0x46], 'HDF5, such as Keras’s .h5'],
  [[0x7b], 'JSON, such as TensorFlow.js’s model.json'],
  [[0x3c], 'a web page or XML'],
  [[0x1f, 0x8b], 'packed by gzip'],
];

/** Whether bytes may be an ONNX file: its first field is, as all writers have it, the version of the format. */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  return bytes[0] === 0x08;
}

/**
 * Reads the message in an ONNX file from untrusted bytes.
 *
 * @throws EspalierError `bad-data` naming `file`, and what it looks like where it is no ONNX.
 */
export function decodeOnnx(bytes: Uint8Array, file: string): OnnxFile {
  const lookalike = LOOKALIKES.find(([beginning]) =>
    beginning.every((byte, at) => bytes[at] === byte),
  );
  if (lookalike) throw notOnnx(file, `it looks like ${lookalike[1]}`);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw notOnnx(file, `it breaks off or is no such message (${errorMessage(cause)})`, cause);
  }
  const { graph } = model;
  if (!graph || graph.node.length === 0) throw notOnnx(file, 'it has no graph with nodes');
  return { model, graph, opset: opsetOfModel(model, file) };
}

function opsetOfModel({ opsetImport }: ModelProto, file: string): number {
  const own = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (!own) throw notOnnx(file, 'it does not say which version of the operators it uses');
  const version = Number(own.version);
  if (version >= OLDEST_OPSET && version <= NEWEST_OPSET) return version;
  throw notOnnx(
    file,
    `it uses version ${version} of the operators; from ${OLDEST_OPSET} to ${NEWEST_OPSET} are known: export it with opset_version=${version > NEWEST_OPSET ? NEWEST_OPSET : 13}`,
  );
}

function notOnnx(file: string, problem: string, cause?: unknown): EspalierError {
  const message = `${file} holds no ONNX network that can be read: ${problem}.`;
  return new EspalierError('bad-data', message, { cause });
}
