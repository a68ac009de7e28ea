import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gunzipped, gunzippedHead } from '../../src/data/gzip.js';
import { someImages } from './idx-files.js';

const PLAIN = someImages(13, 17, 19).pixels;
const PACKED = new Uint8Array(gzipSync(PLAIN));
const unpacked = (bytes: Uint8Array<ArrayBuffer>, most = 1e6) =>
  gunzipped(bytes, 'some/file.gz', () => most);

test.each([0, 1, 4199, 200_000])('%i bytes come back from gzip', (length) => {
  const plain = Uint8Array.from({ length }, (_, i) => (i * i) % 251);
  expect(unpacked(new Uint8Array(gzipSync(plain)))).toEqual(plain);
});

test.each([[[]], [[0x1f]], [[0x1f, 0x8c, 8]], [[0, 0, 8, 3]]])(
  '%j is not gzip and stays',
  (list) => {
    const bytes = Uint8Array.from(list);
    expect(unpacked(bytes)).toBe(bytes);
  },
);

/** Every optional part of a header: FHCRC's checksum is left out, which few write and fewer check. */
function withHeaderParts(): Uint8Array<ArrayBuffer> {
  const [extra, name, comment] = [
    [3, 0, 1, 2, 3],
    [0x61, 0],
    [0x62, 0x63, 0],
  ];
  const header = [...PACKED.slice(0, 3), 4 | 8 | 16, ...PACKED.slice(4, 10)];
  return Uint8Array.of(...header, ...extra, ...name, ...comment, ...PACKED.slice(10));
}

test.each([
  ['several members', Uint8Array.of(...gzipSync(PLAIN.slice(0, 7)), ...gzipSync(PLAIN.slice(7)))],
  ['an empty member first', Uint8Array.of(...gzipSync(''), ...PACKED)],
  ['an empty member last', Uint8Array.of(...PACKED, ...gzipSync(''))],
  ['zeros behind it, as on a tape', Uint8Array.of(...PACKED, ...new Uint8Array(512))],
  ['a name, a comment and an extra field', withHeaderParts()],
  ['stored blocks', new Uint8Array(gzipSync(PLAIN, { level: 0 }))],
])('a file with %s is read whole', (_, bytes) => {
  expect(unpacked(bytes)).toEqual(PLAIN);
});

test('a file that was packed twice is refused as that, and not as too long', () => {
  expect(() => unpacked(new Uint8Array(gzipSync(PACKED)))).toThrow(
    /^some\/file\.gz was packed by gzip twice: unpack it once\.$/,
  );
});

const refused = expect.objectContaining({
  name: 'EspalierError',
  code: 'bad-data',
  message: expect.stringMatching(
    /^some\/file\.gz .* do not decompress .*breaks off or was changed/,
  ),
});

test('a stream that breaks off anywhere is refused by the name of its file', () => {
  for (let length = 2; length < PACKED.length; length += length < 20 ? 1 : 97) {
    expect(() => unpacked(PACKED.slice(0, length))).toThrow(refused);
  }
  expect(() => unpacked(PACKED.slice(0, -1))).toThrow(refused);
});

test('a corrupt method, body, checksum or length, and trailing rubbish, are refused', () => {
  const end = PACKED.length;
  for (const at of [2, 10, 11, 60, end - 8, end - 5, end - 4, end - 1]) {
    const corrupt = PACKED.slice();
    corrupt[at]! ^= 0xff;
    expect(() => unpacked(corrupt)).toThrow(refused);
  }
  expect(() => unpacked(Uint8Array.of(...PACKED, 1, 2, 3))).toThrow(refused);
});

test('no more is unpacked than is expected, and a chunk', () => {
  expect(() => unpacked(PACKED, PLAIN.length - 1)).toThrow(/too long.*more than the 4198 bytes/);
  expect(unpacked(PACKED, PLAIN.length)).toEqual(PLAIN);
  // A gibibyte, in members of 64 MiB each: it would take seconds and its size in memory.
  const member = gzipSync(new Uint8Array(2 ** 26), { level: 1 });
  const bomb = new Uint8Array(Buffer.concat(Array<Uint8Array>(16).fill(member)));
  const before = process.memoryUsage().arrayBuffers;
  const seen: number[] = [];
  const start = performance.now();
  const most = (head: Uint8Array) => {
    seen.push(head.length);
    return 100;
  };
  expect(() => gunzipped(bomb, 'bomb', most)).toThrow(/^bomb is too long/);
  expect(seen).toEqual([65_536]);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
});

test('a beginning tells what the whole begins with', () => {
  expect(gunzippedHead(PACKED.slice(0, 200), 16)).toEqual(PLAIN.slice(0, 16));
  expect(gunzippedHead(PLAIN, 5)).toEqual(PLAIN.slice(0, 5));
  expect(gunzippedHead(PACKED.slice(0, 8), 16)).toEqual(new Uint8Array());
});
