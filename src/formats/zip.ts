import { Inflate } from 'pako';
import { crc32 } from '../crc32.js';
import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';

/** A file within an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Offsets of its bytes in the archive, as they are or compressed. */
  readonly begin: number;
  readonly end: number;
  readonly compressed: boolean;
  /** Bytes of the file itself. */
  readonly size: number;
  readonly crc: number;
}

/** What an archive should be. */
export interface ZipKind {
  /** After 'is not'. */
  readonly name: string;
  /** Whether its files may be compressed (deflate). */
  readonly compressed: boolean;
}

const PYTORCH: ZipKind = { name: 'a zip archive that PyTorch wrote', compressed: false };

/** More files than any network has tensors. */
const MOST_ENTRIES = 20_000;

/** What is inflated at a time. */
const CHUNK_BYTES = 65_536;

/** Signatures and least sizes of an archive's records (PKWARE's APPNOTE 6.3.10, section 4.3). */
const LOCAL = { name: 'local header', signature: 0x04034b50, size: 30 } as const;
const CENTRAL = { name: 'entry of the directory', signature: 0x02014b50, size: 46 } as const;
const END = { name: 'end of the directory', signature: 0x06054b50, size: 22 } as const;
const END_64 = { name: 'zip64 end of the directory', signature: 0x06064b50, size: 56 } as const;
const LOCATOR_64 = { name: 'zip64 locator', signature: 0x07064b50, size: 20 } as const;

const LONGEST_COMMENT = 0xffff;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
const ZIP64_FIELD = 0x0001;

/**
 * Lists a zip archive, zip64 included; by default one whose files are stored and not compressed, as
 * PyTorch writes it. Every offset and length is checked: the directory ends where its end record begins,
 * each entry's own header agrees with the directory, and no two entries share a byte.
 *
 * @throws EspalierError `bad-data` naming `file` and the offset.
 */
export function listZip(
  bytes: Uint8Array,
  file: string,
  kind = PYTORCH,
): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const archive = { bytes, view, file, kind };
  const directory = findDirectory(archive);
  const entries = new Map<string, ZipEntry>();
  let at = directory.begin;
  for (let i = 0; i < directory.count; i++) {
    const { entry, next } = readEntry(archive, at, directory);
    if (entries.has(entry.name)) {
      throw broken(archive, `${quoted(entry.name)} is listed twice, again at offset ${at}`);
    }
    entries.set(entry.name, entry);
    at = next;
  }
  if (at !== directory.end) {
    throw broken(
      archive,
      `its ${directory.count} entries end at offset ${at}, not ${directory.end}`,
    );
  }
  requireApart([...entries.values()], archive);
  return entries;
}

/**
 * The bytes of an entry: a view of the archive's where they are stored, else inflated, and no more of
 * them than the directory says.
 *
 * @throws EspalierError `bad-data` when their size or their CRC-32 is another than the directory's.
 */
export function zipEntryBytes<Buffer extends ArrayBufferLike>(
  bytes: Uint8Array<Buffer>,
  entry: ZipEntry,
  file: string,
  kind = PYTORCH,
): Uint8Array<Buffer | ArrayBuffer> {
  const fail = (problem: string) =>
    broken({ file, kind }, `${quoted(entry.name)} at offset ${entry.begin} ${problem}`);
  const packed = bytes.subarray(entry.begin, entry.end);
  const content = entry.compressed ? inflated(packed, entry.size, fail) : packed;
  const found = crc32(content);
  if (found !== entry.crc) {
    throw fail(`has the CRC-32 ${hex(found)}, expected ${hex(entry.crc)}: it was changed`);
  }
  return content;
}

function inflated(
  packed: Uint8Array,
  size: number,
  fail: (problem: string) => EspalierError,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let got = 0;
  const inflate = new Inflate({ raw: true, chunkSize: CHUNK_BYTES });
  inflate.onData = (chunk) => {
    chunks.push(chunk);
    got += chunk.length;
    if (got > size) throw fail(`inflates to more than the ${size} bytes that it claims`);
  };
  inflate.onEnd = () => undefined;
  if (!inflate.push(packed, true)) throw fail(`does not inflate (${inflate.msg})`);
  if (got < size) throw fail(`inflates to ${got} bytes, and claims ${size}`);
  const content = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    content.set(chunk, at);
    at += chunk.length;
  }
  return content;
}

interface Archive {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly file: string;
  readonly kind: ZipKind;
}

interface Directory {
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/** The record that tells where the directory lies: last in the file, behind it only a comment. */
function findDirectory(archive: Archive): Directory {
  const { view } = archive;
  const end = findEnd(archive);
  const disks = view.getUint32(end + 4, true);
  if (disks !== 0) throw broken(archive, 'it is one part of an archive in several');
  const plain = {
    count: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    begin: view.getUint32(end + 16, true),
  };
  const locator = end - LOCATOR_64.size;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR_64.signature) {
    return directoryBefore(archive, end, plain);
  }
  const end64 = bigAt(archive, locator + 8);
  requireRecord(archive, END_64, end64, locator);
  const wide = {
    count: bigAt(archive, end64 + 32),
    size: bigAt(archive, end64 + 40),
    begin: bigAt(archive, end64 + 48),
  };
  const agree =
    agrees(plain.count, wide.count, 0xffff) &&
    agrees(plain.size, wide.size, 0xffffffff) &&
    agrees(plain.begin, wide.begin, 0xffffffff);
  if (!agree)
    throw broken(archive, `its two end records, at ${end64} and ${end}, contradict each other`);
  return directoryBefore(archive, end64, wide);
}

function findEnd(archive: Archive): number {
  const { bytes, view } = archive;
  const last = bytes.length - END.size;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) !== END.signature) continue;
    if (view.getUint16(at + 20, true) === last - at) return at;
  }
  throw broken(
    archive,
    `its ${bytes.length} bytes do not end with a record "${END.name}", so it breaks off or was changed`,
  );
}

function directoryBefore(
  archive: Archive,
  limit: number,
  { count, size, begin }: { count: number; size: number; begin: number },
): Directory {
  if (begin + size !== limit || count * CENTRAL.size > size) {
    throw broken(
      archive,
      `its directory of ${count} entries claims ${size} bytes from offset ${begin}, but its end record stands at ${limit}`,
    );
  }
  if (count > MOST_ENTRIES) {
    throw broken(archive, `it has ${count} entries, of which ${MOST_ENTRIES} are read at most`);
  }
  return { count, begin, end: limit };
}

function readEntry(
  archive: Archive,
  at: number,
  directory: Directory,
): { entry: ZipEntry; next: number } {
  const { bytes, view, kind } = archive;
  requireRecord(archive, CENTRAL, at, directory.end);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const nameEnd = at + CENTRAL.size + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > directory.end) throw broken(archive, `the entry at offset ${at} leaves the directory`);
  const nameBytes = bytes.subarray(at + CENTRAL.size, nameEnd);
  const name = new TextDecoder().decode(nameBytes);
  const what = quoted(name);
  if (flags & ENCRYPTED) throw broken(archive, `${what} is encrypted`);
  const compressed = method === DEFLATED;
  if (!(method === STORED || (compressed && kind.compressed))) {
    throw broken(
      archive,
      `${what} is compressed (method ${method})${kind.compressed ? '' : ', which PyTorch never does; unpack and save it by torch.save'}`,
    );
  }
  const { size, packed, local } = widened(archive, { at, nameEnd, extraEnd });
  if (!compressed && size !== packed) {
    throw broken(archive, `${what} is stored, but claims ${packed} bytes for ${size}`);
  }
  requireRecord(archive, LOCAL, local, directory.begin);
  const localName = local + LOCAL.size;
  const localNameEnd = localName + view.getUint16(local + 26, true);
  const begin = localNameEnd + view.getUint16(local + 28, true);
  const end = begin + packed;
  if (end > directory.begin) {
    throw broken(
      archive,
      `${what} claims bytes ${begin} to ${end}, but the directory begins at ${directory.begin}`,
    );
  }
  if (!sameBytes(nameBytes, bytes.subarray(localName, localNameEnd))) {
    throw broken(archive, `${what} has another name in its own header at offset ${local}`);
  }
  const crc = view.getUint32(at + 16, true);
  return { entry: { name, begin, end, compressed, size, crc }, next };
}

/** Sizes and offset of an entry: 32 bits each or, where these are all ones, 64 in a field of its extra. */
function widened(
  archive: Archive,
  { at, nameEnd, extraEnd }: { at: number; nameEnd: number; extraEnd: number },
): { size: number; packed: number; local: number } {
  const { view } = archive;
  let [wide, wideEnd] = [extraEnd, extraEnd];
  for (let field = nameEnd; field + 4 <= extraEnd; ) {
    const end = field + 4 + view.getUint16(field + 2, true);
    if (end > extraEnd) throw broken(archive, `the entry at offset ${at} has a broken extra field`);
    if (view.getUint16(field, true) === ZIP64_FIELD) [wide, wideEnd] = [field + 4, end];
    field = end;
  }
  const take = (narrow: number): number => {
    if (narrow !== 0xffffffff) return narrow;
    if (wide + 8 > wideEnd) {
      throw broken(archive, `the entry at offset ${at} lacks a size or an offset of 64 bits`);
    }
    wide += 8;
    return bigAt(archive, wide - 8);
  };
  const size = take(view.getUint32(at + 24, true));
  const packed = take(view.getUint32(at + 20, true));
  const local = take(view.getUint32(at + 42, true));
  return { size, packed, local };
}

/** Two entries with the same bytes would unpack to more than the archive holds. */
function requireApart(entries: readonly ZipEntry[], archive: Archive): void {
  const sorted = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  sorted.forEach((entry, i) => {
    const before = sorted[i - 1];
    if (before && entry.begin < before.end) {
      const [one, other] = [quoted(before.name), quoted(entry.name)];
      throw broken(archive, `${one} and ${other} share bytes from offset ${entry.begin}`);
    }
  });
}

function requireRecord(
  archive: Archive,
  { name, signature, size }: typeof LOCAL | typeof CENTRAL | typeof END_64,
  at: number,
  limit: number,
): void {
  if (at + size > limit || archive.view.getUint32(at, true) !== signature) {
    throw broken(archive, `offset ${at} should hold a record "${name}"`);
  }
}

function bigAt(archive: Archive, at: number): number {
  const value = Number(archive.view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw broken(archive, `offset ${at} claims ${value} bytes`);
  return value;
}

function agrees(narrow: number, wide: number, marker: number): boolean {
  return narrow === marker || narrow === wide;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

function broken({ file, kind }: Pick<Archive, 'file' | 'kind'>, problem: string): EspalierError {
  return new EspalierError('bad-data', `${file} is not ${kind.name}: ${problem}.`);
}
