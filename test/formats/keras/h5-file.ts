/** A group of a sketched HDF5 file. */
export interface H5Group {
  /** One text, which lies in a heap as h5py writes it, or a list of texts of one length. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  readonly members?: Readonly<Record<string, H5Group | H5Data>>;
}

export interface H5Data {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An HDF5 file of version 0, laid out as h5py lays it out: the specification's sections III and IV. */
export function h5File(root: H5Group): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  let end = 96;
  const add = (bytes: Buffer): number => {
    const at = end;
    const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
    parts.push(padded);
    end += padded.length;
    return at;
  };
  const header = addObject(root, add);
  const start = Buffer.concat([
    Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'),
    Buffer.from([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0]),
    places(0, UNDEFINED, end, UNDEFINED),
    places(0, header),
    Buffer.alloc(24),
  ]);
  return new Uint8Array(Buffer.concat([start, ...parts]));
}

type Add = (bytes: Buffer) => number;

const UNDEFINED = 2n ** 64n - 1n;

function addObject(object: H5Group | H5Data, add: Add): number {
  return 'data' in object ? addData(object, add) : addGroup(object, add);
}

function addData({ shape, data }: H5Data, add: Add): number {
  const begin = add(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return addHeader(add, [
    [0x01, space(shape)],
    [0x03, FLOAT32],
    [0x08, Buffer.concat([Buffer.from([3, 1]), places(begin, data.byteLength)])],
  ]);
}

/** Class 1, version 1: little-endian, 8 bits of exponent and 23 of fraction. */
const FLOAT32 = Buffer.from([
  0x11, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0, 0, 0, 0, 0,
]);

function addGroup({ attributes = {}, members = {} }: H5Group, add: Add): number {
  const entries = Object.entries(members).map(
    ([name, member]) => [name, addObject(member, add)] as const,
  );
  let names = Buffer.alloc(8);
  const rows = entries.map(([name, header]) => {
    const row = Buffer.concat([places(names.length, header), Buffer.alloc(24)]);
    const text = Buffer.from(`${name}\0`);
    names = Buffer.concat([names, text, Buffer.alloc(-text.length & 7)]);
    return row;
  });
  const heapData = add(names);
  const heap = add(
    Buffer.concat([Buffer.from('HEAP\0\0\0\0'), places(names.length, UNDEFINED, heapData)]),
  );
  const table = add(Buffer.concat([Buffer.from('SNOD\x01\0'), half(entries.length), ...rows]));
  const tree = add(
    Buffer.concat([Buffer.from('TREE\0\0'), half(1), places(UNDEFINED, UNDEFINED, 0, table, 0)]),
  );
  return addHeader(add, [
    [0x11, places(tree, heap)],
    ...Object.entries(attributes).map(
      ([name, value]) => [0x0c, attribute(name, value, add)] as const,
    ),
  ]);
}

/** An attribute of version 1. */
function attribute(name: string, value: string | readonly string[], add: Add): Buffer {
  const text = Buffer.from(`${name}\0`);
  const [type, shape, data] = typeof value === 'string' ? heaped(value, add) : listed(value);
  const own = space(shape);
  const sizes = [text.length, type.length, own.length].map(half);
  return Buffer.concat([Buffer.from([1, 0]), ...sizes, ...[text, type, own, data].map(padded)]);
}

/** A text of any length: class 9, and what it is made of. */
function heaped(value: string, add: Add): readonly [Buffer, readonly number[], Buffer] {
  const text = Buffer.from(value);
  const object = Buffer.concat([half(1), half(1), word(0), places(text.length), padded(text)]);
  const size = 16 + object.length + 16;
  const heap = add(
    Buffer.concat([Buffer.from('GCOL\x01\0\0\0'), places(size), object, Buffer.alloc(16)]),
  );
  const type = Buffer.concat([
    Buffer.from([0x19, 1, 0, 0]),
    word(16),
    Buffer.from([0x13, 0, 0, 0]),
    word(1),
  ]);
  return [type, [], Buffer.concat([word(text.length), places(heap), word(1)])];
}

/** Texts of one length: class 3. */
function listed(values: readonly string[]): readonly [Buffer, readonly number[], Buffer] {
  const size = Math.max(1, ...values.map(({ length }) => length));
  const data = Buffer.alloc(size * values.length);
  for (const [at, value] of values.entries()) data.write(value, at * size);
  return [Buffer.concat([Buffer.from([0x13, 0, 0, 0]), word(size)]), [values.length], data];
}

function addHeader(add: Add, messages: readonly (readonly [number, Buffer])[]): number {
  const blocks = messages.map(([kind, data]) => {
    const own = padded(data);
    return Buffer.concat([half(kind), half(own.length), Buffer.alloc(4), own]);
  });
  // The last one stands in a block of its own, as where a header has grown.
  const last = blocks.at(-1) as Buffer;
  const continued = Buffer.concat([
    half(0x10),
    half(16),
    Buffer.alloc(4),
    places(add(last), last.length),
  ]);
  const first = Buffer.concat([...blocks.slice(0, -1), continued]);
  return add(
    Buffer.concat([
      Buffer.from([1, 0]),
      half(messages.length + 1),
      word(1),
      word(first.length),
      word(0),
      first,
    ]),
  );
}

function space(shape: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from([1, shape.length, 0, 0, 0, 0, 0, 0]), places(...shape)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
}

function half(value: number): Buffer {
  return Buffer.from(Uint16Array.of(value).buffer);
}

function word(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}

function places(...values: readonly (number | bigint)[]): Buffer {
  return Buffer.from(BigUint64Array.from(values, BigInt).buffer);
}
