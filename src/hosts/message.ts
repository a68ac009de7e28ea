import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';

const ARRAYS = { Uint8Array, Uint32Array, Float32Array, Float64Array } as const;
type ArrayName = keyof typeof ARRAYS;
type TypedArray = Uint8Array | Uint32Array | Float32Array | Float64Array;

/**
 * Bytes of the largest element of a typed array. A view must begin at a multiple of its element.
 */
const ALIGNMENT = 8;
const PREFIX = 4;

/** An object with this key stands for a value that JSON lacks: `{ "$": [kind, …] }`. */
const ESCAPE = '$';

const align = (offset: number) => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

/**
 * Packs a value into one message: the header's length (U32, little-endian), the header (JSON,
 * UTF-8), and the bytes of the typed arrays, each at a multiple of 8. A value may contain whatever
 * JSON has, and Map, Uint8Array, Uint32Array, Float32Array, Float64Array, NaN, ±Infinity and −0. A
 * property that is undefined is left out, and an element that is undefined becomes null.
 *
 * @throws bad-data for any other value, such as a function, a Set or a Date, naming its path.
 */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const arrays: TypedArray[] = [];
  let bytes = 0;
  const place = (name: string, array: TypedArray) => {
    const offset = align(bytes);
    bytes = offset + array.byteLength;
    arrays.push(array);
    return { [ESCAPE]: [name, offset, array.length] };
  };
  const header = new TextEncoder().encode(JSON.stringify(toJson(value, 'value', place) ?? null));

  const body = align(PREFIX + header.length);
  const message = new Uint8Array(body + bytes);
  new DataView(message.buffer).setUint32(0, header.length, true);
  message.set(header, PREFIX);
  let offset = 0;
  for (const array of arrays) {
    offset = align(offset);
    message.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), body + offset);
    offset += array.byteLength;
  }
  return message;
}

type Place = (name: string, array: TypedArray) => unknown;

function toJson(value: unknown, path: string, place: Place): unknown {
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && !Object.is(value, -0);
    return exact ? value : { [ESCAPE]: ['number', Object.is(value, -0) ? '-0' : String(value)] };
  }
  if (value === null || value === undefined) return value;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) {
    return value.map((item, i) => toJson(item ?? null, `${path}[${i}]`, place));
  }
  if (typeof value === 'object') {
    for (const [name, Elements] of Object.entries(ARRAYS)) {
      if (value instanceof Elements) return place(name, value);
    }
    if (value instanceof Map) {
      const entries = [...value].map((entry) => toJson(entry, `${path}.get(${entry[0]})`, place));
      return { [ESCAPE]: ['map', entries] };
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) {
      const plain = Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, toJson(item, `${path}.${key}`, place)]),
      );
      return Object.hasOwn(plain, ESCAPE) ? { [ESCAPE]: ['object', plain] } : plain;
    }
  }
  const kind = typeof value === 'object' ? value.constructor.name : typeof value;
  throw new EspalierError(
    'bad-data',
    `${path} is a ${kind}, which a message cannot carry; send plain objects, arrays, numbers, strings, Maps and ${Object.keys(ARRAYS).join(', ')}.`,
  );
}

/**
 * The value that `encode` packed. Its typed arrays are views of `bytes`. If `bytes` does not begin
 * at a multiple of 8 in its buffer, they are views of a copy.
 *
 * @throws bad-data when the bytes are not such a message.
 */
export function decode(bytes: Uint8Array): unknown {
  const message = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
  if (message.length < PREFIX) throw malformed(`it has ${message.length} bytes`);
  const length = new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  if (PREFIX + length > message.length) {
    throw malformed(`its header of ${length} bytes exceeds its ${message.length} bytes`);
  }
  const body = message.subarray(Math.min(align(PREFIX + length), message.length));
  try {
    const header = new TextDecoder('utf-8', { fatal: true }).decode(
      message.subarray(PREFIX, PREFIX + length),
    );
    return fromJson(JSON.parse(header), body);
  } catch (cause) {
    throw cause instanceof EspalierError ? cause : malformed('its header is not JSON', cause);
  }
}

function fromJson(value: unknown, body: Uint8Array): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, body));
  const escaped = (value as Record<string, unknown>)[ESCAPE];
  return escaped === undefined ? mapValues(value, body) : fromEscape(escaped, body);
}

// Not by assignment: with the key __proto__ that would set the prototype. fromEntries makes a
// property.
function mapValues(value: object, body: Uint8Array): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fromJson(item, body)]),
  );
}

function fromEscape(escaped: unknown, body: Uint8Array): unknown {
  const [kind, content, length] = Array.isArray(escaped) ? escaped : [];
  if (kind === 'number') return Number(content);
  if (kind === 'object' && typeof content === 'object' && content !== null) {
    return mapValues(content, body);
  }
  if (kind === 'map') {
    if (!isListOfPairs(content)) throw malformed('its header holds a map that is no list of pairs');
    return new Map(content.map(([key, item]) => [fromJson(key, body), fromJson(item, body)]));
  }
  if (!Object.hasOwn(ARRAYS, kind))
    throw malformed(`its header holds an unknown kind ${quoted(kind)}`);
  const Elements = ARRAYS[kind as ArrayName];
  const inside =
    Number.isSafeInteger(content) &&
    Number.isSafeInteger(length) &&
    content >= 0 &&
    length >= 0 &&
    content % ALIGNMENT === 0 &&
    content + length * Elements.BYTES_PER_ELEMENT <= body.length;
  if (!inside) {
    throw malformed(
      `a ${kind} of ${length} elements at ${content} lies outside its ${body.length} bytes of arrays`,
    );
  }
  return new Elements(body.buffer as ArrayBuffer, body.byteOffset + content, length);
}

function isListOfPairs(value: unknown): value is readonly (readonly [unknown, unknown])[] {
  return Array.isArray(value) && value.every((item) => Array.isArray(item) && item.length === 2);
}

function malformed(reason: string, cause?: unknown): EspalierError {
  return new EspalierError('bad-data', `Not a message of this library: ${reason}.`, { cause });
}
