import { EspalierError } from '../errors.js';
import { type Checkpoint, toCheckpoint } from './checkpoint.js';
import { ELEMENT_BYTES, type StoredTensor } from './elements.js';
import { openLegacy, openZipped, type PyTorchFile } from './pytorch-files.js';
import { product, TensorView } from './pytorch-tensors.js';

/** Keys under which training scripts keep the weights beside other things. */
const STATE_KEYS = ['state_dict', 'model_state_dict', 'model', 'net'] as const;

/** Elements that tensors may have for each byte of the file: one storage may be shown many times, but not endlessly. */
const MOST_ELEMENTS_PER_BYTE = 4;

/**
 * Reads the weights in a file that PyTorch's `torch.save` wrote, in its zip form (`.pth`, `.pt`) or the
 * one before 1.6 (`.th`), from untrusted bytes. Nothing in the file is run. The weights may be the file's
 * object itself or lie under `state_dict`, `model_state_dict`, `model` or `net`; a prefix `module.` or
 * `_orig_mod.` of all names is dropped; tensors may be strided, share storages, and be of double, single,
 * half or bfloat16 precision.
 *
 * @throws EspalierError `bad-data` naming `file`, what is wrong and where; a file that wants to run
 * something is refused by the name of it.
 */
export function decodePyTorch(bytes: Uint8Array, file: string): Checkpoint {
  const opened = isZip(bytes) ? openZipped(bytes, file) : openPickled(bytes, file);
  const { state, passedOver, texts } = findState(opened.root, file);
  const elements = [...state.values()].reduce((sum, { shape }) => sum + product(shape), 0);
  if (elements > MOST_ELEMENTS_PER_BYTE * bytes.length) {
    throw broken(file, `its ${bytes.length} bytes claim tensors of ${elements} elements`);
  }
  const storages = new Map<string, Uint8Array>();
  const stored = [...state].map(([name, view]): [string, StoredTensor] => {
    const { key, dtype } = view.storage;
    const storage = storages.get(key) ?? opened.storageBytes(view.storage);
    storages.set(key, storage);
    return [name, { dtype, shape: view.shape, bytes: elementBytes(view, storage) }];
  });
  return toCheckpoint(stored, { passedOver, texts });
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

function openPickled(bytes: Uint8Array, file: string): PyTorchFile {
  if (bytes[0] === 0x80) return openLegacy(bytes, file);
  throw broken(
    file,
    'it begins neither as safetensors do nor as what torch.save writes, a zip archive or a pickle',
  );
}

interface State {
  readonly state: ReadonlyMap<string, TensorView>;
  readonly passedOver: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

/** The dictionary of tensors in what was saved. */
function findState(root: unknown, file: string): State {
  if (!(root instanceof Map)) {
    throw broken(file, 'it holds no dictionary of tensors; save model.state_dict()');
  }
  const key = STATE_KEYS.find((name) => holdsTensors(root.get(name)));
  const around = key === undefined ? [] : [...root.keys()].filter((name) => name !== key);
  const texts = new Map<string, string>();
  for (const name of around) {
    const value = root.get(name);
    if (typeof name === 'string' && typeof value === 'string') texts.set(name, value);
  }
  const dictionary: ReadonlyMap<unknown, unknown> = key === undefined ? root : root.get(key);
  if (!holdsTensors(dictionary)) {
    const found = around
      .concat([...root.keys()])
      .slice(0, 10)
      .map(shown);
    throw broken(
      file,
      `it has no tensors by name, nor under ${STATE_KEYS.join(', ')}; found ${found.join(', ') || 'nothing'}`,
    );
  }
  const state = new Map<string, TensorView>();
  const passedOver = around.filter((name) => !texts.has(name)).map(shown);
  for (const [name, value] of dictionary) {
    if (typeof name === 'string' && value instanceof TensorView) state.set(name, value);
    else passedOver.push(shown(name));
  }
  return { state, passedOver, texts };
}

function holdsTensors(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map && [...value.values()].some((entry) => entry instanceof TensorView);
}

function shown(key: unknown): string {
  return typeof key === 'object' ? '(no name)' : String(key);
}

/** The bytes of a tensor's elements in its order, row-major: copied only where they lie otherwise. */
function elementBytes(
  { storage, offset, shape, strides }: TensorView,
  bytes: Uint8Array,
): Uint8Array {
  const elements = product(shape);
  const size = ELEMENT_BYTES[storage.dtype];
  if (elements === 0 || isRowMajor(shape, strides)) {
    return bytes.subarray(offset * size, (offset + elements) * size);
  }
  const gathered = new Uint8Array(elements * size);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < gathered.length; to += size) {
    for (let i = 0; i < size; i++) gathered[to + i] = bytes[from * size + i]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return gathered;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function broken(file: string, problem: string): EspalierError {
  return new EspalierError('bad-data', `${file} holds no weights that can be read: ${problem}.`);
}
