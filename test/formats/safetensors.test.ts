import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EspalierError } from '../../src/errors.js';
import {
  decodeMetadata,
  decodeSafetensors,
  encodeSafetensors,
  type Tensor,
} from '../../src/formats/safetensors.js';

const f32 = (shape: number[], ...values: number[]): Tensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});
const u32 = (shape: number[], ...values: number[]): Tensor => ({
  dtype: 'U32',
  shape,
  data: Uint32Array.from(values),
});

const TENSORS = {
  'hidden.weight': f32([2, 3], 1.5, -2.25, 0, -0, Number.POSITIVE_INFINITY, 2 ** -149),
  selected: u32([3], 0, 7, 2 ** 32 - 1),
  scalar: f32([], 0.1),
  empty: u32([0, 5]),
  'naïve "name"\\\n✂': f32([1, 1, 1], 42),
};

/** A file with any header text, well-formed or not, and a body of `size` zero bytes. */
function fileWithHeader(header: string | Uint8Array, size = 0): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(header as string);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length);
  return new Uint8Array(Buffer.concat([length, json, Buffer.alloc(size)]));
}

const entry = (
  begin: number,
  end: number,
  shape: unknown = [(end - begin) / 4],
  dtype = 'F32',
) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test.each([
  ['no tensors', {}, undefined],
  ['tensors', TENSORS, undefined],
  ['tensors and metadata', TENSORS, { format: 'espalier', __proto__x: '✂' }],
  ['a name that objects treat apart', JSON.parse('{"__proto__":0}'), undefined],
])('%s survive encoding and decoding', (_, given, metadata) => {
  const tensors: Record<string, Tensor> = given;
  if (Object.hasOwn(tensors, '__proto__')) {
    Object.defineProperty(tensors, '__proto__', { value: TENSORS.selected });
  }
  const bytes = encodeSafetensors(tensors, metadata);
  expect(encodeSafetensors(tensors, metadata)).toEqual(bytes);
  expect(Object.fromEntries(decodeMetadata(bytes, 'file'))).toEqual(metadata ?? {});
  const decoded = decodeSafetensors(bytes, 'f');
  expect([...decoded]).toEqual(Object.entries(tensors));
});

test('the bytes on disk are the format, read by hand', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-safetensors-'));
  try {
    await writeFile(join(folder, 'f'), encodeSafetensors(TENSORS, { step: '100' }));
    const file = await readFile(join(folder, 'f'));
    const start = 8 + Number(file.readBigUInt64LE(0));
    expect(start % 8).toBe(0);
    const text = file.toString('utf8', 8, start);
    expect(text).toMatch(/^\{.*\} {0,7}$/s);
    expect(JSON.parse(text)).toEqual({
      __metadata__: { step: '100' },
      'hidden.weight': entry(0, 24, [2, 3]),
      selected: entry(24, 36, [3], 'U32'),
      scalar: entry(36, 40, []),
      empty: entry(40, 40, [0, 5], 'U32'),
      'naïve "name"\\\n✂': entry(40, 44, [1, 1, 1]),
    });
    expect(file.length).toBe(start + 44);
    const floats = [0, 1, 2, 3, 4, 5, 9, 10].map((i) => file.readFloatLE(start + 4 * i));
    expect(floats).toEqual([1.5, -2.25, 0, -0, Infinity, 2 ** -149, Math.fround(0.1), 42]);
    expect([6, 7, 8].map((i) => file.readUInt32LE(start + 4 * i))).toEqual([0, 7, 2 ** 32 - 1]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('data are encoded from a view, and decoded as copies from any alignment', () => {
  const view = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
  const bytes = encodeSafetensors({ view: { dtype: 'F32', shape: [2], data: view } });
  for (let shift = 0; shift < 8; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).subarray(
      shift,
      -3,
    );
    const decoded = decodeSafetensors(shifted, 'f');
    shifted.fill(0);
    expect(decoded).toEqual(new Map([['view', f32([2], 1, 2)]]));
  }
});

test('a file by another writer: any order, any header length, escaped keys, white space', () => {
  const json = `{"b" : ${JSON.stringify(entry(8, 12))},\t"\\u0061\\"{:":${JSON.stringify(entry(0, 8, [2, 1], 'U32'))}\r\n}  `;
  const decoded = decodeSafetensors(fileWithHeader(json, 12), 'f');
  expect([...decoded]).toEqual([
    ['b', f32([1], 0)],
    ['a"{:', u32([2, 1], 0, 0)],
  ]);
});

test.each<[string, Record<string, Tensor>, string]>([
  ['too few elements', { w: f32([2, 3], 1, 2) }, '"w" has the shape [2, 3] but 2 elements'],
  ['a scalar without its element', { w: f32([]) }, '"w" has the shape [] but 0'],
  ['a negative shape', { w: f32([-1, -2], 1, 2) }, '[-1, -2]'],
  ['a broken shape', { w: f32([0.5, 2], 1) }, '[0.5, 2]'],
  ['a shape that overflows', { w: f32([2 ** 52, 2 ** 52, 0]) }, '0 elements'],
  ['the reserved name', { __metadata__: f32([1], 1) }, '"__metadata__"'],
])('%s is not encoded', (_, tensors, message) => {
  expect(() => encodeSafetensors(tensors)).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringContaining(message) }),
  );
});

const header = (value: unknown) => JSON.stringify(value);
const w = (value: unknown) => header({ w: value });

test.each<[string, Uint8Array, string]>([
  ['an empty file', new Uint8Array(0), 'the file ends at 0'],
  ['a broken length', new Uint8Array(7), 'the file ends at 7'],
  ['an empty header', new Uint8Array(8), '"{" at offset 8'],
  ['an empty header before "{"', fileWithHeader('', 0x7b), '"{" at offset 8'],
  [
    'a header beyond the file',
    fileWithHeader('{}').subarray(0, 9),
    'end at offset 10, the file at 9',
  ],
  ['a header above 8 MB', Uint8Array.of(1, 0x12, 0x7a, 0, 0, 0, 0, 0), '8000001 bytes'],
  [
    'a header of depth',
    fileWithHeader(`{"a":${'['.repeat(2e6)}${']'.repeat(2e6)}}`),
    'more than 32 levels',
  ],
  [
    'more tensors than are read',
    fileWithHeader(`{${Array.from({ length: 50_001 }, (_, i) => `"${i}":0`).join()}}`),
    '50001 tensors',
  ],
  ['a header of 2^64 − 1', new Uint8Array(16).fill(255), '18446744073709551615 bytes'],
  ['an array', fileWithHeader('[]'), '"{" at offset 8'],
  ['leading white space', fileWithHeader(' {}'), '"{" at offset 8'],
  ['a byte-order mark', fileWithHeader('\ufeff{}'), '"{" at offset 8'],
  ['broken JSON', fileWithHeader('{"a":}'), 'not JSON in UTF-8'],
  ['two JSON values', fileWithHeader('{}{}'), 'not JSON in UTF-8'],
  ['broken UTF-8', fileWithHeader(Buffer.from('{"\xff":1}', 'latin1')), 'not JSON in UTF-8'],
  ['metadata that are not strings', fileWithHeader('{"__metadata__":{"a":1}}'), '"__metadata__"'],
  ['metadata that are null', fileWithHeader('{"__metadata__":null}'), '"__metadata__"'],
  [
    'a tensor twice',
    fileWithHeader(`{"w":${header(entry(0, 0))},"\\u0077":1}`),
    'the key "w" twice',
  ],
  ['a field twice', fileWithHeader('{"w":{"dtype":"F32","dtype":"F32"}}'), 'the key "dtype" twice'],
  ['a tensor that is a number', fileWithHeader(w(1)), 'tensor "w" is not well described'],
  ['a tensor without a dtype', fileWithHeader(w({ shape: [], data_offsets: [0, 4] }), 4), 'dtype'],
  ['a tensor with an unknown field', fileWithHeader(w({ ...entry(0, 4), more: 1 }), 4), 'more'],
  ['a dtype that is a number', fileWithHeader(w({ ...entry(0, 4), dtype: 1 }), 4), 'dtype'],
  ['an unsupported dtype', fileWithHeader(w(entry(0, 4, [2], 'F16')), 4), '"w" has the dtype F16'],
  ['an unknown dtype', fileWithHeader(w(entry(0, 4, [1], 'Q4')), 4), 'dtype: Invalid option'],
  ['a shape that is a number', fileWithHeader(w(entry(0, 4, 1)), 4), 'shape'],
  ['a negative extent', fileWithHeader(w(entry(0, 4, [-1])), 4), 'shape.0'],
  ['a broken extent', fileWithHeader(w(entry(0, 4, [1, 0.5])), 4), 'shape.1'],
  ['an unsafe extent', fileWithHeader(w(entry(0, 4, [2 ** 53])), 4), 'shape.0'],
  [
    'a shape that overflows',
    fileWithHeader(w(entry(0, 0, [2 ** 40, 2 ** 40, 0]))),
    'can be counted',
  ],
  ['bytes that overflow', fileWithHeader(w(entry(0, 0, [2 ** 52]))), 'can be counted'],
  ['one offset', fileWithHeader(w({ ...entry(0, 4), data_offsets: [0] }), 4), 'data_offsets'],
  [
    'three offsets',
    fileWithHeader(w({ ...entry(0, 4), data_offsets: [0, 4, 4] }), 4),
    'data_offsets',
  ],
  ['a negative offset', fileWithHeader(w(entry(-4, 0)), 4), 'data_offsets.0'],
  [
    'offsets that cross',
    fileWithHeader(w(entry(4, 0, [1])), 4),
    'offsets 66 to 62 of a file of 66',
  ],
  ['an end beyond the file', fileWithHeader(w(entry(0, 8)), 4), '62 to 70 of a file of 66 bytes'],
  ['a huge end', fileWithHeader(w(entry(0, 2 ** 53 - 1, [1])), 4), 'claims offsets'],
  ['a size that does not match', fileWithHeader(w(entry(0, 8, [1, 3])), 8), 'so 12 bytes, but'],
  ['a hole at the start', fileWithHeader(w(entry(4, 8)), 8), '"w" begins at offset 66, but'],
  ['a hole', fileWithHeader(header({ a: entry(0, 4), b: entry(8, 12) }), 12), 'tensor "b" begins'],
  [
    'an overlap',
    fileWithHeader(header({ a: entry(0, 8), b: entry(4, 12) }), 12),
    'tensor "b" begins',
  ],
  [
    'one tensor over another',
    fileWithHeader(header({ a: entry(0, 4), b: entry(0, 4) }), 4),
    '"b" begins',
  ],
  [
    'an empty tensor inside',
    fileWithHeader(header({ a: entry(0, 8), b: entry(4, 4) }), 8),
    'begins',
  ],
  ['trailing bytes', fileWithHeader(w(entry(0, 4)), 5), 'end at offset 66, the file at 67'],
  ['bytes of no tensor', fileWithHeader('{}', 1), 'end at offset 10, the file at 11'],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeSafetensors(bytes, 'some/file')).toThrow(
    expect.objectContaining({
      name: 'EspalierError',
      code: 'bad-data',
      message: expect.stringMatching(/^some\/file is not a valid safetensors file: /),
    }),
  );
  expect(() => decodeSafetensors(bytes, 'some/file')).toThrow(message);
});

const SMALL = encodeSafetensors({ w: f32([2, 1], 1, 2), s: u32([1], 3) }, { a: 'b' });

test('every truncation is refused', () => {
  for (let length = 0; length < SMALL.length; length++) {
    expect(() => decodeSafetensors(SMALL.subarray(0, length), 'f')).toThrow(EspalierError);
  }
});

test('every flipped byte decodes to whole tensors or is refused with an EspalierError', () => {
  let decoded = 0;
  for (let at = 0; at < SMALL.length; at++) {
    for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const flipped = SMALL.slice();
      flipped[at]! ^= flip;
      try {
        const tensors = [...decodeSafetensors(flipped, 'f').values()];
        expect(tensors.reduce((sum, { data }) => sum + data.length, 0)).toBe(3);
        decoded++;
      } catch (error) {
        if (!(error instanceof EspalierError)) throw error;
      }
    }
  }
  // At least the twelve bytes of data, and at most those and the names, dtypes and metadata.
  expect(decoded).toBeGreaterThanOrEqual(12 * 9);
  expect(decoded).toBeLessThan(SMALL.length * 3);
});
