import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gunzipped } from '../../src/data/gzip.js';
import { someImages } from './idx-files.js';

const PLAIN = someImages(13, 17, 19).pixels;
const PACKED = new Uint8Array(gzipSync(PLAIN));

test.each([0, 1, 4199, 200_000])('%i bytes come back from gzip', async (length) => {
  const plain = Uint8Array.from({ length }, (_, i) => (i * i) % 251);
  expect(await gunzipped(new Uint8Array(gzipSync(plain)), 'f')).toEqual(plain);
});

test.each([[[]], [[0x1f]], [[0x1f, 0x8c, 8]], [[0, 0, 8, 3]]])(
  '%j is not gzip and stays',
  async (list) => {
    const bytes = Uint8Array.from(list);
    expect(await gunzipped(bytes, 'f')).toBe(bytes);
  },
);

const refused = expect.objectContaining({
  name: 'EspalierError',
  code: 'bad-data',
  message: expect.stringMatching(/^some\/file\.gz .* do not decompress/),
});

test('a stream that breaks off anywhere is refused by the name of its file', async () => {
  for (let length = 2; length < PACKED.length; length += length < 20 ? 1 : 97) {
    await expect(gunzipped(PACKED.slice(0, length), 'some/file.gz')).rejects.toEqual(refused);
  }
  await expect(gunzipped(PACKED.slice(0, -1), 'some/file.gz')).rejects.toEqual(refused);
});

test('a corrupt method, body, checksum or length, and trailing rubbish, are refused', async () => {
  const end = PACKED.length;
  for (const at of [2, 10, 11, 60, end - 8, end - 5, end - 4, end - 1]) {
    const corrupt = PACKED.slice();
    corrupt[at]! ^= 0xff;
    await expect(gunzipped(corrupt, 'some/file.gz')).rejects.toEqual(refused);
  }
  const trailing = Uint8Array.of(...PACKED, 1, 2, 3);
  await expect(gunzipped(trailing, 'some/file.gz')).rejects.toEqual(refused);
});
