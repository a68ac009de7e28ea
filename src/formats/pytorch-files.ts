import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';
import { ELEMENT_BYTES } from './elements.js';
import { type PickleNames, type PickleSource, readPickle } from './pickle.js';
import { type TensorStorage, tensorNames } from './pytorch-tensors.js';
import { listZip, type ZipEntry, zipEntryBytes } from './zip.js';

/** What torch.save wrote: the object, its tensors as views, and where their elements lie. */
export interface PyTorchFile {
  readonly root: unknown;
  /** Exactly the bytes of a storage's elements. */
  storageBytes(storage: TensorStorage): Uint8Array;
}

/** The one storage of PyTorch 1.6 and later: a zip with NAME/data.pkl, and each storage as NAME/data/KEY. */
export function openZipped(bytes: Uint8Array, file: string): PyTorchFile {
  const entries = listZip(bytes, file);
  const pickles = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw broken(file, `a zip archive with ${pickles.length} entries NAME/data.pkl, expected one`);
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw broken(
      file,
      'a TorchScript program, which holds code; save the weights alone: torch.save(model.state_dict(), FILE)',
    );
  }
  const contents = (entry: ZipEntry): Uint8Array => zipEntryBytes(bytes, entry, file);
  requireLittleEndian(entries.get(`${folder}byteorder`), contents, file);
  const source = { bytes: contents(entries.get(pickle)!), file: `${file}: ${pickle}`, offset: 0 };
  const root = readPickle(source, tensorNames());
  return {
    root,
    storageBytes({ key, dtype, elements }) {
      const entry = entries.get(`${folder}data/${key}`);
      if (!entry) throw broken(file, `without the entry ${quoted(`${folder}data/${key}`)}`);
      const size = entry.end - entry.begin;
      if (size !== elements * ELEMENT_BYTES[dtype]) {
        throw broken(
          file,
          `with ${size} bytes in ${quoted(entry.name)}, where ${elements} elements of ${ELEMENT_BYTES[dtype]} bytes are due`,
        );
      }
      return contents(entry);
    },
  };
}

function requireLittleEndian(
  entry: ZipEntry | undefined,
  contents: (entry: ZipEntry) => Uint8Array,
  file: string,
): void {
  if (!entry) return;
  const order = new TextDecoder().decode(contents(entry)).trim();
  if (order !== 'little') throw bigEndian(file, order.slice(0, 20));
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * PyTorch before 1.6, and today's with `_use_new_zipfile_serialization=False`: five pickles (a magic
 * number, a version, the machine, the object, the storages' keys), then for each key the number of its
 * elements as a u64 and the elements.
 */
export function openLegacy(bytes: Uint8Array, file: string): PyTorchFile {
  const source: PickleSource = { bytes, file, offset: 0 };
  if (readPickle(source, NO_NAMES) !== MAGIC) {
    throw broken(file, 'a pickle, but none that torch.save wrote');
  }
  const version = readPickle(source, NO_NAMES);
  if (version !== PROTOCOL) throw broken(file, `of the unknown version ${String(version)}`);
  const machine = readPickle(source, NO_NAMES);
  if (!(machine instanceof Map && machine.get('little_endian') === true)) {
    throw bigEndian(file, 'big');
  }
  const names = tensorNames();
  const root = readPickle(source, names);
  const keys = readPickle(source, NO_NAMES);
  const begins = placeStorages(source, keys, names.storages);
  return {
    root,
    storageBytes({ key, dtype, elements }) {
      const begin = begins.get(key);
      if (begin === undefined) throw broken(file, `without the storage ${quoted(key)}`);
      return bytes.subarray(begin, begin + elements * ELEMENT_BYTES[dtype]);
    },
  };
}

/** Where each storage's elements begin. */
function placeStorages(
  { bytes, file, offset }: PickleSource,
  keys: unknown,
  storages: ReadonlyMap<string, TensorStorage>,
): ReadonlyMap<string, number> {
  const begins = new Map<string, number>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = offset;
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key);
    if (!storage || begins.has(key)) {
      throw broken(file, 'with a list of storages other than its tensors need');
    }
    const { elements, dtype } = storage;
    const begin = at + 8;
    const end = begin + elements * ELEMENT_BYTES[dtype];
    if (end > bytes.length || view.getBigUint64(at, true) !== BigInt(elements)) {
      throw broken(
        file,
        `whose storage ${quoted(key)} should hold ${elements} elements of ${ELEMENT_BYTES[dtype]} bytes from offset ${begin}, but the file ${end > bytes.length ? `ends at ${bytes.length}` : 'says otherwise'}`,
      );
    }
    begins.set(key, begin);
    at = end;
  }
  if (at !== bytes.length) {
    throw broken(file, `whose storages end at offset ${at}, the file at ${bytes.length}`);
  }
  return begins;
}

/** Of a pickle of plain data. */
const NO_NAMES: PickleNames = {
  knows: () => false,
  call: (name, _, fail) => {
    throw fail(`${name} is called where plain data are due`);
  },
  persistent: (_, fail) => {
    throw fail('a reference where plain data are due');
  },
};

function bigEndian(file: string, order: string): EspalierError {
  return broken(
    file,
    `of a machine with the byte order ${quoted(order)}; load and save it again on one with "little"`,
  );
}

function broken(file: string, problem: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `${file} is not a PyTorch checkpoint that can be read: ${problem}.`,
  );
}
