import { zipSync } from 'fflate';
import type { Checkpoint } from './checkpoint.js';

/** Operations of Python's pickle, protocol 2. */
const OP = {
  protocol: 0x80,
  mark: 0x28,
  stop: 0x2e,
  global: 0x63,
  text: 0x58,
  int: 0x4a,
  no: 0x89,
  emptyTuple: 0x29,
  tuple: 0x74,
  emptyDictionary: 0x7d,
  setItems: 0x75,
  call: 0x52,
  persistent: 0x51,
} as const;

/** A tensor whose elements lie in the entry `data/KEY` of the archive. */
interface Stored {
  readonly key: string;
  readonly storage: 'FloatStorage' | 'LongStorage';
  readonly shape: readonly number[];
  readonly elements: Float32Array | BigInt64Array;
}

/** Where every entry's date lies: the same weights give the same bytes. */
const DATE = new Date(1980, 0, 1);

/**
 * Writes weights as `torch.save` does since PyTorch 1.6: `torch.load(FILE)["state_dict"]` is what
 * `load_state_dict` takes. The texts lie beside `state_dict`, under their own names. Nothing in the file
 * needs more than `weights_only=True` allows.
 */
export function encodePyTorch(
  { weights, counters }: Pick<Checkpoint, 'weights'> & Partial<Checkpoint>,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Stored>();
  for (const [name, { shape, data }] of weights) {
    tensors.set(name, {
      key: `${tensors.size}`,
      storage: 'FloatStorage',
      shape,
      elements: data,
    });
  }
  for (const [name, { shape, data }] of counters ?? []) {
    tensors.set(name, { key: `${tensors.size}`, storage: 'LongStorage', shape, elements: data });
  }
  const archive: Record<string, Uint8Array> = {
    'archive/data.pkl': pickleState(tensors, texts),
    'archive/byteorder': new TextEncoder().encode('little'),
    'archive/version': new TextEncoder().encode('3\n'),
  };
  for (const { key, elements } of tensors.values()) {
    archive[`archive/data/${key}`] = new Uint8Array(
      elements.buffer,
      elements.byteOffset,
      elements.byteLength,
    );
  }
  return zipSync(archive, { level: 0, mtime: DATE });
}

/** {"state_dict": OrderedDict(name: tensor, …), name: text, …} */
function pickleState(
  tensors: ReadonlyMap<string, Stored>,
  texts: Readonly<Record<string, string>>,
): Uint8Array {
  const out: number[] = [OP.protocol, 2, OP.emptyDictionary, OP.mark];
  writeText(out, 'state_dict');
  writeOrdered(out);
  out.push(OP.mark);
  for (const [name, tensor] of tensors) {
    writeText(out, name);
    writeTensor(out, tensor);
  }
  out.push(OP.setItems);
  for (const [name, text] of Object.entries(texts)) {
    writeText(out, name);
    writeText(out, text);
  }
  out.push(OP.setItems, OP.stop);
  return Uint8Array.from(out);
}

/** _rebuild_tensor_v2(storage, offset, size, strides, requires_grad, hooks) */
function writeTensor(out: number[], { key, storage, shape, elements }: Stored): void {
  writeGlobal(out, 'torch._utils', '_rebuild_tensor_v2');
  out.push(OP.mark);
  out.push(OP.mark);
  writeText(out, 'storage');
  writeGlobal(out, 'torch', storage);
  writeText(out, key);
  writeText(out, 'cpu');
  writeInt(out, elements.length);
  out.push(OP.tuple, OP.persistent);
  writeInt(out, 0);
  writeInts(out, shape);
  writeInts(out, rowMajorStrides(shape));
  out.push(OP.no);
  writeOrdered(out);
  out.push(OP.tuple, OP.call);
}

function rowMajorStrides(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((one, other) => one * other, 1));
}

function writeOrdered(out: number[]): void {
  writeGlobal(out, 'collections', 'OrderedDict');
  out.push(OP.emptyTuple, OP.call);
}

function writeGlobal(out: number[], module: string, name: string): void {
  out.push(OP.global, ...new TextEncoder().encode(`${module}\n${name}\n`));
}

function writeText(out: number[], text: string): void {
  const bytes = new TextEncoder().encode(text);
  out.push(OP.text, ...littleEndian(bytes.length));
  for (const byte of bytes) out.push(byte);
}

function writeInts(out: number[], values: readonly number[]): void {
  out.push(OP.mark);
  for (const value of values) writeInt(out, value);
  out.push(OP.tuple);
}

function writeInt(out: number[], value: number): void {
  out.push(OP.int, ...littleEndian(value));
}

function littleEndian(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
