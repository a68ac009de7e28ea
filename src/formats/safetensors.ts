import { z } from 'zod';
import { EspalierError, errorMessage } from '../errors.js';
import { parseJson } from '../json.js';
import { quoted } from '../text.js';
import { type DType, ELEMENT_BYTES, type StoredTensor } from './elements.js';

/** A tensor of 32-bit elements, row-major; the product of `shape` (1 for a scalar's []) is data.length. */
export type Tensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'U32'; readonly shape: readonly number[]; readonly data: Uint32Array };

/** A tensor of 64-bit integers, as networks have them beside their weights. */
export interface LongTensor {
  readonly dtype: 'I64';
  readonly shape: readonly number[];
  readonly data: BigInt64Array;
}

const LENGTH_BYTES = 8;

/** The format allows 100 MB. Of ours and of networks that run here none comes near this. */
const MAX_HEADER_BYTES = 8_000_000;
const MAX_TENSORS = 50_000;

const METADATA = '__metadata__';

const metadataSchema = z.record(z.string(), z.string());
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(ELEMENT_BYTES) as DType[]),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * Encodes named tensors in the safetensors format (https://github.com/huggingface/safetensors): the
 * header's length as a little-endian u64, a JSON header, the data in the order given. The same input
 * gives the same bytes. The header is padded with spaces so that the data starts 8-aligned.
 *
 * @throws EspalierError `bad-data` when a shape does not match its data, or a name is reserved.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor | LongTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = metadata ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const tensor = `Tensor ${quoted(name)}`;
    if (name === METADATA) {
      throw new EspalierError('bad-data', `${tensor} needs another name: the format reserves it.`);
    }
    if (elementCount(shape, dtype) !== data.length) {
      throw new EspalierError(
        'bad-data',
        `${tensor} has the shape [${shape.join(', ')}] but ${data.length} elements.`,
      );
    }
    const begin = end;
    end += data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = Math.ceil((LENGTH_BYTES + json.length) / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, LENGTH_BYTES, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  let offset = start;
  for (const { data } of Object.values(tensors)) {
    bytes.set(littleEndianBytes(data), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file from untrusted bytes into its tensors, in the header's order; their data
 * are copies. Only the dtypes F32 and U32 are supported.
 *
 * @throws EspalierError `bad-data` as `storedTensors` does, and for another dtype.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, bytes: source }] of storedTensors(bytes, file)) {
    // A copy begins where every element type may, and is little-endian as every platform is that runs WebGPU.
    const { buffer } = new Uint8Array(source);
    if (dtype === 'F32') tensors.set(name, { dtype, shape, data: new Float32Array(buffer) });
    else if (dtype === 'U32') tensors.set(name, { dtype, shape, data: new Uint32Array(buffer) });
    else {
      const tensor = `tensor ${quoted(name)}`;
      throw broken(file, `${tensor} has the dtype ${dtype}; only F32 and U32 are supported here`);
    }
  }
  return tensors;
}

/**
 * Finds the tensors in a safetensors file, in the header's order, without reading them. Accepts
 * what the format allows, up to a header of 8 MB and 50,000 tensors: one JSON object with no duplicate
 * keys, and tensors that cover the rest of the file with no holes and no overlaps. Their bytes are views of the file's.
 *
 * @throws EspalierError `bad-data` naming `file`, the tensor and the offset (from the file's start).
 */
export function storedTensors(bytes: Uint8Array, file: string): Map<string, StoredTensor> {
  const { header, start } = readHeader(bytes, file);
  const data = { file, start, end: bytes.length };
  const names = Object.keys(header).length;
  if (names > MAX_TENSORS) {
    throw broken(file, `it holds ${names} tensors, of which ${MAX_TENSORS} are read at most`);
  }
  const placed = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => placedTensor(name, entry, data));
  checkCover(placed, data);
  return new Map(
    placed.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, bytes: bytes.subarray(begin, end) },
    ]),
  );
}

/**
 * What a safetensors file says of itself beside its tensors.
 *
 * @throws EspalierError `bad-data` naming `file` when its header is broken.
 */
export function decodeMetadata(bytes: Uint8Array, file: string): ReadonlyMap<string, string> {
  const { [METADATA]: metadata = {} } = readHeader(bytes, file).header;
  return new Map(Object.entries(metadata as Record<string, string>));
}

/** A tensor's description, checked; `begin` and `end` are offsets from the file's start. */
interface PlacedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Where a file's data lie, in bytes from its start. */
interface DataSection {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

function readHeader(
  bytes: Uint8Array,
  file: string,
): { header: Record<string, unknown>; start: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw broken(file, `the header's length takes 8 bytes, the file ends at ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw broken(
      file,
      `offset 0 announces a header of ${length} bytes, above the ${MAX_HEADER_BYTES} that are read`,
    );
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > bytes.length) {
    throw broken(file, `the header should end at offset ${start}, the file at ${bytes.length}`);
  }
  if (bytes[LENGTH_BYTES] !== 0x7b || start === LENGTH_BYTES) {
    throw broken(file, 'the header does not begin with "{" at offset 8');
  }
  let text: string;
  let header: Record<string, unknown>;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    text = decoder.decode(bytes.subarray(LENGTH_BYTES, start));
    // Text that begins with '{' and parses is an object.
    header = parseJson(text, MAX_HEADER_BYTES) as Record<string, unknown>;
  } catch (cause) {
    throw broken(
      file,
      `the header at offset 8 is not JSON in UTF-8 (${errorMessage(cause)})`,
      cause,
    );
  }
  checkKeysUnique(text, file);
  if (Object.hasOwn(header, METADATA) && !metadataSchema.safeParse(header[METADATA]).success) {
    throw broken(file, `the header's "${METADATA}" does not map strings to strings`);
  }
  return { header, start };
}

/** JSON.parse silently keeps the last of two equal keys. `text` is known to be valid JSON. */
function checkKeysUnique(text: string, file: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') open.push(new Set());
    if (char === '}') open.pop();
    if (char !== '"') continue;
    const begin = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    let next = at + 1;
    while (' \t\r\n'.includes(text.charAt(next)) && next < text.length) next++;
    if (text[next] !== ':') continue;
    const key: string = JSON.parse(text.slice(begin, at + 1));
    const keys = open.at(-1)!;
    if (keys.has(key)) throw broken(file, `the header has the key ${quoted(key)} twice`);
    keys.add(key);
  }
}

function placedTensor(
  name: string,
  entry: unknown,
  { file, start, end: size }: DataSection,
): PlacedTensor {
  const tensor = `tensor ${quoted(name)}`;
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw broken(
      file,
      `${tensor} is not well described in the header: ${path.join('.') || 'entry'}: ${message}`,
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets.map((offset) => start + offset) as [number, number];
  if (begin > end || end > size) {
    throw broken(file, `${tensor} claims offsets ${begin} to ${end} of a file of ${size} bytes`);
  }
  const bytes = elementCount(shape, dtype) * ELEMENT_BYTES[dtype];
  if (bytes !== end - begin) {
    const needed = Number.isNaN(bytes) ? 'more bytes than can be counted' : `${bytes} bytes`;
    throw broken(
      file,
      `${tensor} at offset ${begin} has the shape [${shape.join(', ')}], so ${needed}, but its offsets span ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkCover(placed: PlacedTensor[], { file, start, end: size }: DataSection): void {
  let covered = start;
  const byOffset = placed.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, begin, end } of byOffset) {
    if (begin !== covered) {
      throw broken(
        file,
        `tensor ${quoted(name)} begins at offset ${begin}, but the data before it end at ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== size) {
    throw broken(file, `the tensors end at offset ${covered}, the file at ${size}`);
  }
}

/** The product of the shape, NaN when the shape is impossible or the bytes would not count exactly. */
function elementCount(shape: readonly number[], dtype: DType): number {
  let elements = 1;
  for (const extent of shape) {
    elements *= Number.isSafeInteger(extent) && extent >= 0 ? extent : Number.NaN;
    if (!Number.isSafeInteger(elements * ELEMENT_BYTES[dtype])) return Number.NaN;
  }
  return elements;
}

/** The elements' bytes in place: every platform that runs WebGPU is little-endian, as the format is. */
function littleEndianBytes(data: (Tensor | LongTensor)['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function broken(file: string, problem: string, cause?: unknown): EspalierError {
  return new EspalierError('bad-data', `${file} is not a valid safetensors file: ${problem}.`, {
    cause,
  });
}
