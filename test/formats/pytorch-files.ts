import { crc32 } from 'node:zlib';

/**
 * Writes files as PyTorch's torch/serialization.py and Python's pickle do, from their definitions
 * (pickletools.py; PKWARE's APPNOTE for zip), so that tests can also write what neither would.
 */

/** A name that a pickle refers to: `collections.OrderedDict`. */
export class Global {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** A call of such a name. */
export class Call {
  constructor(
    readonly callee: Global,
    readonly values: readonly unknown[],
  ) {}
}

/** A tuple; an array is a list. */
export class Tuple {
  readonly values: readonly unknown[];
  constructor(...values: readonly unknown[]) {
    this.values = values;
  }
}

/** A reference to something outside of the pickle. */
export class Persistent {
  constructor(readonly id: unknown) {}
}

/** Operations written out, for what no value stands for. */
export class Operations {
  constructor(readonly bytes: Uint8Array) {}
}

export function operations(...bytes: readonly number[]): Operations {
  return new Operations(Uint8Array.from(bytes));
}

/** A pickle of protocol 2: dictionaries are Maps. */
export function pickled(value: unknown): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x80, 2), ...operationsFor(value), Buffer.from('.')]);
}

function operationsFor(value: unknown): Uint8Array[] {
  const mark = Buffer.from('(');
  if (value === null) return [Buffer.from('N')];
  if (typeof value === 'boolean') return [Uint8Array.of(value ? 0x88 : 0x89)];
  if (typeof value === 'number') return [numberOperation(value)];
  if (typeof value === 'bigint') return [longOperation(value)];
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const head = Buffer.from('X\0\0\0\0');
    head.writeUInt32LE(text.length, 1);
    return [head, text];
  }
  if (Array.isArray(value)) {
    return [Buffer.from(']'), mark, ...value.flatMap(operationsFor), Buffer.from('e')];
  }
  if (value instanceof Map) {
    return [Buffer.from('}'), mark, ...[...value].flat(1).flatMap(operationsFor), Buffer.from('u')];
  }
  if (value instanceof Tuple) {
    return [mark, ...value.values.flatMap(operationsFor), Buffer.from('t')];
  }
  if (value instanceof Global) return [Buffer.from(`c${value.module}\n${value.name}\n`)];
  if (value instanceof Call) {
    const values = operationsFor(new Tuple(...value.values));
    return [...operationsFor(value.callee), ...values, Buffer.from('R')];
  }
  if (value instanceof Persistent) return [...operationsFor(value.id), Buffer.from('Q')];
  if (value instanceof Operations) return [value.bytes];
  throw new Error(`no operation for ${String(value)}`);
}

function numberOperation(value: number): Uint8Array {
  if (Number.isInteger(value) && value >= 0 && value < 256) return Uint8Array.of(0x4b, value);
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
    const bytes = Buffer.from('J\0\0\0\0');
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  if (Number.isInteger(value)) return longOperation(BigInt(value));
  const bytes = Buffer.from('G\0\0\0\0\0\0\0\0');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function longOperation(value: bigint): Uint8Array {
  const size = value.toString(16).length / 2 + 1;
  const bytes = Buffer.alloc(2 + Math.ceil(size));
  bytes.set([0x8a, bytes.length - 2]);
  for (let i = 2; i < bytes.length; i++) bytes[i] = Number((value >> BigInt(8 * (i - 2))) & 255n);
  return bytes;
}

/** A storage with its elements' bytes. */
export interface Stored {
  readonly key: string;
  readonly type: string;
  readonly elements: number;
  readonly bytes: Uint8Array;
}

export function stored(
  key: string,
  type: string,
  data: ArrayBufferView & ArrayLike<unknown>,
): Stored {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { key, type, elements: data.length, bytes };
}

/** A tensor of a storage, as `torch._utils._rebuild_tensor_v2` makes it. */
export function tensor(
  storage: Stored,
  {
    offset = 0,
    shape = [storage.elements],
    strides = rowMajor(shape),
  }: { offset?: number; shape?: readonly number[]; strides?: readonly number[] } = {},
  view?: unknown,
): Call {
  const id = ['storage', new Global('torch', storage.type), storage.key, 'cpu', storage.elements];
  return new Call(new Global('torch._utils', '_rebuild_tensor_v2'), [
    new Persistent(new Tuple(...id, ...(view === undefined ? [] : [view]))),
    offset,
    new Tuple(...shape),
    new Tuple(...strides),
    false,
    ORDERED,
  ]);
}

/** OrderedDict(), as every tensor's hooks are. */
export const ORDERED = new Call(new Global('collections', 'OrderedDict'), []);

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((size, extent) => size * extent, 1));
}

/** The form of today: a zip archive. */
export function zippedCheckpoint(
  root: unknown,
  storages: readonly Stored[],
  { folder = 'archive', byteorder = 'little', wide = true, aligned = true } = {},
): Uint8Array {
  return zipped(
    [
      { name: `${folder}/data.pkl`, bytes: pickled(root) },
      { name: `${folder}/byteorder`, bytes: Buffer.from(byteorder) },
      ...storages.map(({ key, bytes }) => ({ name: `${folder}/data/${key}`, bytes })),
      { name: `${folder}/version`, bytes: Buffer.from('3\n') },
    ],
    { wide, aligned },
  );
}

/** The form before PyTorch 1.6: five pickles, then the storages. */
export function legacyCheckpoint(
  root: unknown,
  storages: readonly Stored[],
  { magic = 0x1950a86a20f9469cfc6cn, version = 1001, little = true } = {},
): Uint8Array {
  const machine = new Map<string, unknown>([
    ['protocol_version', version],
    ['little_endian', little],
    ['type_sizes', new Map([['short', 2]])],
  ]);
  return Buffer.concat([
    pickled(magic),
    pickled(version),
    pickled(machine),
    pickled(root),
    pickled(storages.map(({ key }) => key)),
    ...storages.flatMap(({ elements, bytes }) => [u64(elements), bytes]),
  ]);
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/**
 * An archive of stored entries. `wide`: with zip64's end records and sizes, and no sizes in the
 * entries' own headers, as PyTorch's writer leaves them; `aligned`: data at multiples of 64.
 */
export function zipped(
  entries: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  { wide = false, aligned = false } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const path = Buffer.from(name);
    const unaligned = offset + 30 + path.length;
    const padding = aligned ? 64 - ((unaligned + 4) % 64) : 0;
    const field = aligned ? extraField(0x4246, Buffer.alloc(padding, 'Z')) : Buffer.alloc(0);
    const crc = crc32(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(wide ? 0x0808 : 0, 6);
    local.writeUInt32LE(wide ? 0 : crc, 14);
    local.writeUInt32LE(wide ? 0 : bytes.length, 18);
    local.writeUInt32LE(wide ? 0 : bytes.length, 22);
    local.writeUInt16LE(path.length, 26);
    local.writeUInt16LE(field.length, 28);
    const extra = wide
      ? extraField(1, Buffer.concat([u64(bytes.length), u64(bytes.length), u64(offset)]))
      : Buffer.alloc(0);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(wide ? 0xffffffff : bytes.length, 20);
    central.writeUInt32LE(wide ? 0xffffffff : bytes.length, 24);
    central.writeUInt16LE(path.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(wide ? 0xffffffff : offset, 42);
    parts.push(local, path, field, bytes);
    directory.push(central, path, extra);
    offset += local.length + path.length + field.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const ends = wide ? [zip64End({ count: entries.length, size, offset })] : [];
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(wide ? 0xffffffff : size, 12);
  end.writeUInt32LE(wide ? 0xffffffff : offset, 16);
  return Buffer.concat([...parts, ...directory, ...ends, end]);
}

function extraField(id: number, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

function zip64End(directory: { count: number; size: number; offset: number }): Uint8Array {
  const { count, size, offset } = directory;
  const end = Buffer.alloc(56);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.set(u64(count), 24);
  end.set(u64(count), 32);
  end.set(u64(size), 40);
  end.set(u64(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.set(u64(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end, locator]);
}
