import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/hosts/message.js';

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A message put together by hand: length, header, arrays. */
function message(header: Uint8Array, arrays = new Uint8Array(), length = header.length) {
  const body = Math.ceil((4 + header.length) / 8) * 8;
  const bytes = new Uint8Array(body + arrays.length);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(header, 4);
  bytes.set(arrays, body);
  return bytes;
}

describe('a message', () => {
  const shared = new Float32Array([9, 1.5, Number.NaN, -0, Number.NEGATIVE_INFINITY]);
  test.each([
    ['JSON', { a: [1, 'é', null, true, { b: [] }], '': '', nested: { deep: [[[0.1]]] } }],
    ['numbers that JSON lacks', [Number.NaN, Infinity, -Infinity, -0, 0, 1e300]],
    [
      'typed arrays',
      { u8: Uint8Array.of(1, 2, 3), u32: Uint32Array.of(4e9), f64: Float64Array.of(Math.PI) },
    ],
    ['a view into a larger buffer', shared.subarray(1, 4)],
    ['empty arrays', [new Float32Array(), new Uint8Array(), Uint8Array.of(7)]],
    ['keys that look like its own', { $: ['number', 'NaN'], in: { $: { $: Float32Array.of(1) } } }],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['w', { data: Float32Array.of(1, 2) }],
        [2, new Map()],
      ]),
    ],
    ['a key that names the prototype', JSON.parse('{ "__proto__": { "x": 1 } }')],
    ['null', null],
  ])('carries %s unchanged', (_name, value) => {
    const bytes = encode(value);
    expect(decode(bytes)).toStrictEqual(value);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decode(shifted.subarray(3))).toStrictEqual(value);
  });

  test('drops what is undefined', () => {
    expect(decode(encode({ a: undefined, b: 1 }))).toStrictEqual({ b: 1 });
    expect(decode(encode(undefined))).toBeNull();
  });

  test('shows large arrays where they lie', () => {
    const bytes = encode({ weights: new Float32Array(1000) });
    const { weights } = decode(bytes) as { weights: Float32Array };
    expect(weights.buffer).toBe(bytes.buffer);
  });

  test.each([
    ['a function', { job: { run: () => 1 } }, /value\.job\.run is a function/],
    ['a Set', [new Set()], /value\[0\] is a Set/],
    ['a function in a Map', new Map([['w', () => 1]]), /value\.get\(w\)\[1\] is a function/],
    ['a bigint', 1n, /value is a bigint/],
    ['another typed array', { half: new Int16Array(2) }, /value\.half is a Int16Array/],
  ])('refuses %s by its path', (_name, value, complaint) => {
    expect(() => encode(value)).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(complaint) }),
    );
  });

  const array = (offset: unknown, length: unknown) => text({ $: ['Float32Array', offset, length] });
  test.each([
    ['nothing', new Uint8Array()],
    ['half a length', Uint8Array.of(1, 0)],
    ['a header that is cut off', encode({ a: 'long enough' }).subarray(0, 10)],
    ['a length beyond the end', message(text({}), undefined, 2 ** 32 - 1)],
    ['no JSON', message(new TextEncoder().encode('{"a":'))],
    ['no UTF-8', message(Uint8Array.of(0x22, 0xff, 0x22))],
    ['an array that is cut off', encode(new Float32Array(4)).slice(0, -1)],
    ['an array before the start', message(array(-8, 1), new Uint8Array(8))],
    ['an array between elements', message(array(4, 1), new Uint8Array(8))],
    ['an array of a broken length', message(array(0, 0.5), new Uint8Array(8))],
    ['an array of text', message(array('0', '1'), new Uint8Array(8))],
    ['a map of no pairs', message(text({ $: ['map', [['key']]] }))],
    ['a map of text', message(text({ $: ['map', 'key'] }))],
    ['an unknown kind', message(text({ $: ['constructor', 0, 0] }))],
    ['a kind that is no list', message(text({ $: 1 }))],
  ])('is refused when it is %s', (_name, bytes) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });
});
