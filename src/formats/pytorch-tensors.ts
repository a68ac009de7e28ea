import { quoted } from '../text.js';
import type { DType } from './elements.js';
import { type Fail, PickleGlobal, type PickleNames } from './pickle.js';

/** Elements that lie outside of the pickle, and of which tensors show parts. */
export interface TensorStorage {
  readonly key: string;
  readonly dtype: DType;
  /** How many elements the file holds under this key. */
  readonly elements: number;
}

/** A tensor whose elements are not read yet: element (i, j, …) is number offset + i·strides[0] + j·strides[1] + … of its storage. */
export class TensorView {
  readonly storage: TensorStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor({ storage, offset, shape, strides }: Readonly<TensorView>) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A storage as a pickle refers to it: the whole or, in old files, a part. */
class StorageSlice {
  readonly storage: TensorStorage;
  readonly begin: number;
  readonly end: number;

  constructor(storage: TensorStorage, begin: number, end: number) {
    this.storage = storage;
    this.begin = begin;
    this.end = end;
  }
}

const STORAGE_TYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

type Call = (values: readonly unknown[], fail: Fail) => unknown;

const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', orderedDictionary],
  ['torch._utils._rebuild_tensor', tensorView],
  ['torch._utils._rebuild_tensor_v2', tensorView],
  ['torch._utils._rebuild_parameter', parameter],
]);

/** More than any tensor has; each costs the file a byte. */
const MOST_DIMENSIONS = 64;

/**
 * The names that a pickle of tensors refers to, as PyTorch's torch/_utils.py and torch/serialization.py
 * define them, and the storages that it has referred to so far, by their keys.
 */
export function tensorNames(): PickleNames & {
  readonly storages: ReadonlyMap<string, TensorStorage>;
} {
  const storages = new Map<string, TensorStorage>();
  return {
    storages,
    knows: (name) => CALLS.has(name) || STORAGE_TYPES.has(name),
    call(name, values, fail) {
      const call = CALLS.get(name);
      if (!call) throw fail(`${name} is called, but is no function`);
      return call(values, fail);
    },
    persistent(id, fail) {
      const slice = storageSlice(id, fail);
      const { key, dtype, elements } = slice.storage;
      const known = storages.get(key);
      if (known && (known.dtype !== dtype || known.elements !== elements)) {
        throw fail(`the storage ${quoted(key)} is described in two ways`);
      }
      storages.set(key, known ?? slice.storage);
      return slice;
    },
  };
}

/** ('storage', type, key, device, elements) and, in old files, a view: None or (key, offset, elements). */
function storageSlice(id: unknown, fail: Fail): StorageSlice {
  const [tag, global, key, device, size, view] = Array.isArray(id) ? id : [];
  const dtype = global instanceof PickleGlobal ? STORAGE_TYPES.get(global.name) : undefined;
  if (tag !== 'storage' || !dtype || typeof key !== 'string' || typeof device !== 'string') {
    throw fail('a reference to something that is no storage of a tensor');
  }
  const elements = count(size, 'a number of elements', fail);
  const storage: TensorStorage = { key, dtype, elements };
  if (view === undefined || view === null) return new StorageSlice(storage, 0, elements);
  const [, from, length] = Array.isArray(view) ? view : [];
  const begin = count(from, "a view's offset", fail);
  const end = begin + count(length, "a view's length", fail);
  if (end > elements) throw fail(`a view of elements ${begin} to ${end} of ${elements}`);
  return new StorageSlice(storage, begin, end);
}

/** _rebuild_tensor(storage, offset, shape, strides, …): what follows says how to train it. */
function tensorView(values: readonly unknown[], fail: Fail): TensorView {
  const [slice, from, sizes, steps] = values;
  if (!(slice instanceof StorageSlice && Array.isArray(sizes) && Array.isArray(steps))) {
    throw fail('a tensor that is not described by storage, offset, shape and strides');
  }
  if (sizes.length !== steps.length || sizes.length > MOST_DIMENSIONS) {
    throw fail(`a tensor of ${sizes.length} dimensions with ${steps.length} strides`);
  }
  const { storage, begin, end } = slice;
  const offset = begin + count(from, "a tensor's offset", fail);
  const shape = sizes.map((size) => count(size, 'an extent of a shape', fail));
  const strides = steps.map((step) => count(step, 'a stride', fail));
  const elements = product(shape);
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  if (!Number.isSafeInteger(elements) || (elements > 0 && last >= end)) {
    throw fail(
      `a tensor of shape [${shape.join(', ')}] and strides [${strides.join(', ')}] leaves its storage: elements ${offset} to ${last}, of ${begin} to ${end}`,
    );
  }
  return new TensorView({ storage, offset, shape, strides });
}

/** _rebuild_parameter(tensor, …): a tensor that is trained. */
function parameter([tensor]: readonly unknown[], fail: Fail): TensorView {
  if (!(tensor instanceof TensorView)) throw fail('a parameter that is no tensor');
  return tensor;
}

/** OrderedDict() or, as Python 2 wrote it, OrderedDict([[key, value], …]). */
function orderedDictionary([pairs = []]: readonly unknown[], fail: Fail): Map<unknown, unknown> {
  const wellFormed = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair));
  if (!wellFormed) throw fail('a dictionary that is not made of pairs');
  return new Map(pairs.map(([key, value]) => [key, value]));
}

/** A size or an offset from the file: what is negative, broken or too large to count is refused. */
function count(value: unknown, what: string, fail: Fail): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw fail(`${what} is ${typeof value === 'object' ? 'no number' : String(value)}`);
}

export function product(shape: readonly number[]): number {
  return shape.reduce((elements, size) => elements * size, 1);
}
