import { expect, test } from 'vitest';
import { decodeNpy } from '../../src/data/npy.js';
import { fuzz, truncate } from '../fuzz.js';

/** A file as numpy.save writes it: magic, version, the header's length, the header padded to 64, the data. */
function npy(
  shape: string,
  data: Uint8Array,
  { version = 1, type = '|u1', order = 'False' } = {},
): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const before = version === 1 ? 10 : 12;
  const length = Math.ceil((before + text.length + 1) / 64) * 64 - before;
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(length, 8);
  return Buffer.concat([
    head.subarray(0, before),
    Buffer.from(`${text.padEnd(length - 1)}\n`),
    data,
  ]);
}

const bytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => i * 7);

test.each([
  ['(2, 3, 5, 3)', 1, { count: 2, height: 3, width: 5, channels: 3 }],
  ['(2, 3, 5, 1)', 2, { count: 2, height: 3, width: 5, channels: 1 }],
  ['(7, 1, 4)', 3, { count: 7, height: 1, width: 4, channels: 1 }],
])('%s in version %i', (shape, version, size) => {
  const pixels = bytes(size.count * size.height * size.width * size.channels);
  const file = npy(shape, pixels, { version });
  expect(decodeNpy(file, 'f')).toEqual({ ...size, pixels });
  const odd = Buffer.concat([Buffer.alloc(3), file, Buffer.alloc(2)]).subarray(3, -2);
  expect(decodeNpy(odd, 'f')).toEqual({ ...size, pixels });
});

const PIXELS = bytes(12);
test.each([
  ['an empty file', new Uint8Array(0), 'does not begin with'],
  ['another kind', Buffer.from('\x89PNG'), 'does not begin with'],
  ['another version', npy('(1, 2, 2, 3)', PIXELS, { version: 4 }), 'unknown version 4'],
  [
    'floats',
    npy('(1, 2, 2, 3)', PIXELS, { type: '<f4' }),
    '"<f4", expected bytes: save images.astype',
  ],
  ['objects', npy('(1, 2, 2, 3)', PIXELS, { type: '|O' }), '"|O", expected bytes'],
  ['columns first', npy('(1, 2, 2, 3)', PIXELS, { order: 'True' }), 'ascontiguousarray'],
  ['channels first', npy('(1, 3, 2, 2)', PIXELS), 'its shape is [1, 3, 2, 2]'],
  ['one picture', npy('(4, 3)', PIXELS), 'its shape is [4, 3]'],
  ['no pictures', npy('(0, 2, 2, 3)', PIXELS), 'its shape is [0, 2, 2, 3]'],
  ['a number', npy('()', PIXELS), 'its shape is []'],
  ['five sizes', npy('(1, 1, 2, 2, 3)', PIXELS), 'its shape is [1, 1, 2, 2, 3]'],
  ['more than it holds', npy('(2, 2, 2, 3)', PIXELS), 'needs 24 bytes from offset 128, found 12'],
  ['less than it holds', npy('(1, 1, 2, 3)', PIXELS), 'needs 6 bytes from offset 128, found 12'],
  ['sizes without end', npy('(99999999999, 99999999999, 9, 3)', PIXELS), 'needs 2.69'],
  ['code', npy('__import__("os")', PIXELS), 'describes no array'],
])('%s: refused', (_, file, message) => {
  expect(() => decodeNpy(file, 'a/b.npy')).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringMatching(/^a\/b.npy is not an array of images that NumPy saved: /),
    }),
  );
  expect(() => decodeNpy(file, 'a/b.npy')).toThrow(message);
});

test('what breaks off is refused at every byte, and mutants are refused or whole', () => {
  const file = npy('(2, 2, 1, 3)', PIXELS);
  truncate(file, decodeNpy);
  fuzz(file, decodeNpy, ({ count, height, width, channels, pixels }) => {
    expect(pixels.length).toBe(count * height * width * channels);
  });
});
