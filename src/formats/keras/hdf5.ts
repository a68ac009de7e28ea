import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';

/** A group or a dataset of an HDF5 file. */
export interface Hdf5Object {
  /** Attributes of text, by their names: one text, or those of a list. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** What a group holds, by its name. */
  readonly members: ReadonlyMap<string, () => Hdf5Object>;
  /** What a dataset holds. */
  readonly data?: Hdf5Data;
}

/** Floating-point numbers, little-endian and row-major, of 2, 4 or 8 bytes each. */
export interface Hdf5Data {
  readonly shape: readonly number[];
  readonly elementBytes: number;
  readonly bytes: Uint8Array;
}

/** What HDF5 begins with. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as an HDF5 file. */
export function looksLikeHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => bytes[at] === byte);
}

/**
 * Opens an HDF5 file from untrusted bytes, as Keras writes it by h5py: version 0 or 1 of the format's
 * first block, groups by symbol tables, data in one piece. Every offset and length is checked, and
 * nothing is read twice on one way, so that no file can keep a reader busy. Source: HDF5 File Format
 * Specification 3.0.
 *
 * @throws EspalierError `bad-data` naming `file` and the offset.
 */
export function openHdf5(bytes: Uint8Array, file: string): Hdf5Object {
  if (!looksLikeHdf5(bytes)) {
    throw new EspalierError('bad-data', `${file} is no HDF5 file: it does not begin as one.`);
  }
  const source: Source = {
    file,
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  };
  const version = byteAt(source, 8);
  if (version > 1) throw newer(source, `version ${version} of its first block`);
  if (byteAt(source, 13) !== 8 || byteAt(source, 14) !== 8) {
    throw broken(source, 13, 'has offsets or lengths of other than 8 bytes');
  }
  const start = version === 0 ? 24 : 28;
  const base = placeAt(source, start);
  const end = placeAt(source, start + 16);
  if (base !== 0) throw broken(source, start, `begins at ${base}, behind something else`);
  if (end > bytes.length) {
    throw broken(source, start + 16, `should have ${end} bytes, and has ${bytes.length}`);
  }
  return readObject(source, placeAt(source, start + 40));
}

interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Kinds of messages in an object's header. */
const DATASPACE = 0x01;
const LINK_INFO = 0x02;
const DATATYPE = 0x03;
const LINK = 0x06;
const LAYOUT = 0x08;
const FILTERS = 0x0b;
const ATTRIBUTE = 0x0c;
const CONTINUATION = 0x10;
const SYMBOL_TABLE = 0x11;

interface Message {
  readonly kind: number;
  readonly at: number;
  readonly end: number;
}

/** Blocks that a header is in at most, and nodes of a group's tree: none in use comes near. */
const MOST_BLOCKS = 4096;

function readObject(source: Source, at: number): Hdf5Object {
  const messages = readMessages(source, at);
  const found = (kind: number) => messages.find((message) => message.kind === kind);
  if (found(LINK) || found(LINK_INFO)) throw newer(source, 'groups of the newer kind');
  const attributes = messages
    .filter(({ kind }) => kind === ATTRIBUTE)
    .map((message) => readAttribute(source, message))
    .filter((attribute) => attribute !== undefined);
  const table = found(SYMBOL_TABLE);
  const layout = found(LAYOUT);
  return {
    attributes: new Map(attributes),
    members: table ? readMembers(source, table.at) : new Map(),
    ...(layout && { data: readData(source, at, { layout, found }) }),
  };
}

/** The messages of an object's header (version 1), which goes on in other blocks. */
function readMessages(source: Source, at: number): readonly Message[] {
  if (textAt(source, at, 4) === 'OHDR') throw newer(source, 'headers of the newer kind');
  if (byteAt(source, at) !== 1) throw broken(source, at, 'has no header of an object there');
  const blocks = [{ at: at + 16, size: wordAt(source, at + 8) }];
  const messages: Message[] = [];
  for (let block = 0; block < blocks.length; block++) {
    const { at: begin, size } = blocks[block] as { at: number; size: number };
    if (blocks.length > MOST_BLOCKS) throw broken(source, at, 'has a header without end');
    requireInside(source, begin, size);
    for (let next = begin; next + 8 <= begin + size; ) {
      const [kind, length] = [halfAt(source, next), halfAt(source, next + 2)];
      const [own, end] = [next + 8, next + 8 + length];
      if (end > begin + size) {
        throw broken(source, next, `has a message that ends at ${end}, behind its block`);
      }
      messages.push({ kind, at: own, end });
      if (kind === CONTINUATION) {
        const place = placeAt(source, own);
        if (blocks.some((other) => other.at === place)) {
          throw broken(source, own, 'has a header that leads back to itself');
        }
        blocks.push({ at: place, size: placeAt(source, own + 8) });
      }
      next = end;
    }
  }
  return messages;
}

/** An attribute of text; nothing for one of another type. */
function readAttribute(
  source: Source,
  { at, end }: Message,
): readonly [string, readonly string[]] | undefined {
  const version = byteAt(source, at);
  if (version < 1 || version > 3)
    throw broken(source, at, `has an attribute of version ${version}`);
  const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const sizes = [2, 4, 6].map((offset) => halfAt(source, at + offset));
  const [nameSize, typeSize, spaceSize] = sizes as [number, number, number];
  const nameAt = at + (version === 3 ? 9 : 8);
  const typeAt = nameAt + padded(nameSize);
  const spaceAt = typeAt + padded(typeSize);
  const dataAt = spaceAt + padded(spaceSize);
  if (dataAt > end) throw broken(source, at, 'has an attribute that ends behind its message');
  const type = readType(source, typeAt);
  if (type.kind !== 'text' && type.kind !== 'texts elsewhere') return undefined;
  const { count } = readShape(source, spaceAt);
  if (!(type.size >= 1 && count * type.size <= end - dataAt)) {
    throw broken(source, dataAt, `has ${count} texts of ${type.size} bytes, behind their message`);
  }
  const texts = Array.from({ length: count }, (_, index) => {
    const own = dataAt + index * type.size;
    return type.kind === 'text' ? textAt(source, own, type.size) : textElsewhere(source, own);
  });
  return [textAt(source, nameAt, nameSize), texts];
}

/** A text in one of the file's heaps: its length, the heap's place, and its number there. */
function textElsewhere(source: Source, at: number): string {
  const [size, heap, index] = [
    wordAt(source, at),
    placeAt(source, at + 4),
    wordAt(source, at + 12),
  ];
  if (size === 0) return '';
  if (textAt(source, heap, 4) !== 'GCOL') throw broken(source, heap, 'has no heap of texts there');
  const end = heap + placeAt(source, heap + 8);
  for (let next = heap + 16; next + 16 <= end; ) {
    const own = { index: halfAt(source, next), size: placeAt(source, next + 8) };
    if (own.index === index) {
      if (size > own.size) throw broken(source, at, `has a text of ${size} bytes in ${own.size}`);
      return textAt(source, next + 16, size);
    }
    next += 16 + Math.ceil(own.size / 8) * 8;
  }
  throw broken(source, at, `has a text that is number ${index} of a heap that has no such`);
}

type Type =
  | { readonly kind: 'floats' | 'text' | 'texts elsewhere'; readonly size: number }
  | { readonly kind: 'other'; readonly what: string };

function readType(source: Source, at: number): Type {
  const [kind, flags, size] = [
    byteAt(source, at) & 15,
    byteAt(source, at + 1),
    wordAt(source, at + 4),
  ];
  if (kind === 1) {
    const plain = (flags & 1) === 0 && [2, 4, 8].includes(size);
    return plain
      ? { kind: 'floats', size }
      : { kind: 'other', what: `floating-point numbers of ${size} bytes, or big-endian` };
  }
  if (kind === 3) return { kind: 'text', size };
  if (kind === 9 && (flags & 15) === 1) return { kind: 'texts elsewhere', size: 16 };
  return { kind: 'other', what: `type ${kind}` };
}

/** Axes that an array has at most in HDF5. */
const MOST_AXES = 32;

function readShape(
  source: Source,
  at: number,
): { readonly shape: readonly number[]; readonly count: number } {
  const [version, rank] = [byteAt(source, at), byteAt(source, at + 1)];
  if (version < 1 || version > 2 || rank > MOST_AXES) {
    throw broken(source, at, `has a shape of version ${version} with ${rank} axes`);
  }
  const first = at + (version === 1 ? 8 : 4);
  const shape = Array.from({ length: rank }, (_, axis) => placeAt(source, first + 8 * axis));
  const count = shape.reduce((all, size) => all * size, 1);
  if (!Number.isSafeInteger(count)) throw broken(source, at, `has the shape [${shape.join(', ')}]`);
  return { shape, count };
}

function readData(
  source: Source,
  at: number,
  {
    layout,
    found,
  }: { readonly layout: Message; readonly found: (kind: number) => Message | undefined },
): Hdf5Data {
  const [space, type] = [found(DATASPACE), found(DATATYPE)];
  if (!space || !type) throw broken(source, at, 'has data without a shape or a type');
  if (found(FILTERS)) throw broken(source, at, 'has compressed data, which Keras does not write');
  const { shape, count } = readShape(source, space.at);
  const own = readType(source, type.at);
  if (own.kind !== 'floats') {
    // Counters of an optimiser, which nobody here asks for.
    return { shape, elementBytes: 0, bytes: new Uint8Array() };
  }
  const [version, kind] = [byteAt(source, layout.at), byteAt(source, layout.at + 1)];
  const size = count * own.size;
  if (version !== 3 || kind > 1) {
    throw broken(source, layout.at, 'has data in several pieces, which Keras does not write');
  }
  const [begin, stored] =
    kind === 0
      ? [layout.at + 4, halfAt(source, layout.at + 2)]
      : [placeAt(source, layout.at + 2), placeAt(source, layout.at + 10)];
  if (size !== stored) {
    throw broken(source, layout.at, `has data of ${stored} bytes, and ${size} by their shape`);
  }
  requireInside(source, begin, size);
  return { shape, elementBytes: own.size, bytes: source.bytes.subarray(begin, begin + size) };
}

/** What a group holds: a tree of tables, whose names lie in a heap of their own. */
function readMembers(source: Source, at: number): ReadonlyMap<string, () => Hdf5Object> {
  const [tree, heap] = [placeAt(source, at), placeAt(source, at + 8)];
  if (textAt(source, heap, 4) !== 'HEAP') throw broken(source, heap, 'has no heap of names there');
  const names = { begin: placeAt(source, heap + 24), size: placeAt(source, heap + 8) };
  requireInside(source, names.begin, names.size);
  const members = new Map<string, () => Hdf5Object>();
  const nodes = new Set([tree]);
  for (const node of nodes) {
    if (nodes.size > MOST_BLOCKS) throw broken(source, tree, 'has a group without end');
    const kind = textAt(source, node, 4);
    if (kind === 'TREE') {
      const count = halfAt(source, node + 6);
      for (let child = 0; child < count; child++)
        nodes.add(placeAt(source, node + 32 + 16 * child));
      continue;
    }
    if (kind !== 'SNOD') throw broken(source, node, 'has no part of a group there');
    const count = halfAt(source, node + 6);
    for (let entry = 0; entry < count; entry++) {
      const own = node + 8 + 40 * entry;
      const nameAt = placeAt(source, own);
      if (nameAt >= names.size) throw broken(source, own, 'has a name that lies behind its heap');
      const object = placeAt(source, own + 8);
      const name = endedText(source, names.begin + nameAt, names.begin + names.size);
      members.set(name, () => readObject(source, object));
    }
  }
  return members;
}

function requireInside(source: Source, at: number, size: number): void {
  if (at + size <= source.bytes.length) return;
  throw broken(
    source,
    at,
    `should have ${size} bytes there, and ends at ${source.bytes.length}: it is damaged or not whole`,
  );
}

function byteAt(source: Source, at: number): number {
  requireInside(source, at, 1);
  return source.view.getUint8(at);
}

function halfAt(source: Source, at: number): number {
  requireInside(source, at, 2);
  return source.view.getUint16(at, true);
}

function wordAt(source: Source, at: number): number {
  requireInside(source, at, 4);
  return source.view.getUint32(at, true);
}

/** A place in the file or a size, of 64 bits. */
function placeAt(source: Source, at: number): number {
  requireInside(source, at, 8);
  const place = source.view.getBigUint64(at, true);
  if (place <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(place);
  throw broken(source, at, `has the number ${place}, behind its end`);
}

/** A text of so many bytes, or up to a zero among them. */
function textAt(source: Source, at: number, size: number): string {
  requireInside(source, at, size);
  return endedText(source, at, at + size);
}

function endedText({ bytes }: Source, at: number, end: number): string {
  const zero = bytes.subarray(at, end).indexOf(0);
  return new TextDecoder().decode(bytes.subarray(at, zero < 0 ? end : at + zero));
}

function broken({ file }: Source, at: number, problem: string): EspalierError {
  return new EspalierError('bad-data', `The HDF5 file ${file} ${problem} (offset ${at}).`);
}

function newer({ file }: Source, what: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `The HDF5 file ${quoted(file)} has ${what}: save it by Keras as it does by default, without libver="latest".`,
  );
}
