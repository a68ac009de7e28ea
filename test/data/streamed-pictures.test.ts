import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'jpeg-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPictureDecoder, type PictureDecoder } from '../../src/data/picture-decoder.js';
import { readPictureSource, readStreamedSource } from '../../src/data/picture-folder.js';
import { bytesOfPicture, type Pictures, type StreamedPictures } from '../../src/data/pictures.js';
import { pixelsByShard, READ_AHEAD } from '../../src/data/read-ahead.js';
import { randomStream } from '../../src/random.js';
import { CLI } from '../cli/espalier.js';

/** By itself a few small ones; CONTRIBUTING has the command for 20,000 of the size that ImageNet's networks take. */
const COUNT = Number(process.env.ESPALIER_PICTURES ?? 200);
const SIDE = process.env.ESPALIER_PICTURES === undefined ? 12 : 224;
const SIZE = { height: SIDE, width: SIDE, channels: 3 };
/** Files that differ; the others are links to them. */
const DISTINCT = 7;
const SHARD = 16;

let folder: string;
let decoder: PictureDecoder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-streamed-'));
  const side = Math.ceil(SIDE * 1.2);
  const stream = randomStream(5, 'pictures');
  for (let i = 0; i < COUNT; i++) {
    const file = join(folder, i % 2 === 0 ? 'cat' : 'dog', `${String(i).padStart(6, '0')}.jpg`);
    await mkdir(dirname(file), { recursive: true });
    const first = join(
      folder,
      i % 2 === 0 ? 'cat' : 'dog',
      `${String(i % (2 * DISTINCT)).padStart(6, '0')}.jpg`,
    );
    if (file !== first) await link(first, file);
    else {
      // Blocks of one colour: noise takes a decoder twice as long as a photo does.
      const blocks = Uint8Array.from({ length: 4 * (side + 3) ** 2 }, () => stream.below(256));
      const data = Uint8Array.from({ length: 4 * side * (side + 3) }, (_, at) => {
        const [row, column] = [Math.floor(at / 4 / side), Math.floor(at / 4) % side];
        return blocks[4 * ((row >> 3) * side + (column >> 3)) + (at % 4)]!;
      });
      await writeFile(file, encode({ width: side, height: side + 3, data }, 80).data);
    }
  }
  decoder = openPictureDecoder(join(dirname(CLI), 'decode-worker.js'), 2);
});
afterAll(async () => {
  await decoder.close();
  await rm(folder, { recursive: true });
});

/** Reads all, a shard at a time, and counts how many pictures are in memory at most. */
async function readAll(pictures: StreamedPictures, look: (pixels: Uint8Array, at: number) => void) {
  let alive = 0;
  let most = 0;
  const read = async (indices: ArrayLike<number>) => {
    alive += indices.length;
    most = Math.max(most, alive);
    return pictures.read(indices);
  };
  let at = 0;
  for await (const pixels of pixelsByShard({ ...pictures, read }, SHARD)) {
    look(pixels, at);
    const count = pixels.length / bytesOfPicture(SIZE);
    alive -= count;
    at += count;
  }
  return { most, read: at };
}

test('a folder that is too large to hold is read a few shards at a time, to the same pixels', async () => {
  const stream = { decoder, above: COUNT * bytesOfPicture(SIZE) - 1 };
  const start = performance.now();
  const { train } = await readStreamedSource(folder, SIZE, stream);
  expect(train).toMatchObject({ ...SIZE, count: COUNT, classes: ['cat', 'dog'] });
  expect(train).not.toHaveProperty('pixels');
  // Of the 20,000 only some can be held beside them.
  const checked = Math.min(COUNT, 200);
  const held = await readPictureSource(folder, {
    size: SIZE,
    choose: () => Array.from({ length: checked }, (_, i) => i),
  });
  const bytes = bytesOfPicture(SIZE);
  const own = train as StreamedPictures;
  const { most, read } = await readAll(own, (pixels, at) => {
    const end = Math.min(checked, at + SHARD);
    if (end <= at) return;
    const expected = held.train.pixels.subarray(at * bytes, end * bytes);
    expect(Buffer.compare(pixels.subarray(0, expected.length), expected)).toBe(0);
  });
  expect(read).toBe(COUNT);
  expect(most).toBeLessThanOrEqual((READ_AHEAD + 1) * SHARD);
  expect(most).toBeGreaterThan(SHARD);
  const { decoded, perSecond } = decoder.figures();
  expect(decoded).toBe(COUNT);
  const megabytes = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
  process.stdout.write(
    `${COUNT} pictures of ${SIDE} × ${SIDE} in ${((performance.now() - start) / 1000).toFixed(1)} s, ${perSecond.toFixed(0)} a second by ${decoder.threads} threads' own time; at most ${most} in memory; ${megabytes} MiB resident\n`,
  );
});

test('a folder that fits is held as ever', async () => {
  const stream = { decoder, above: COUNT * bytesOfPicture(SIZE) };
  if (COUNT > 1000) return;
  const { train } = await readStreamedSource(folder, SIZE, stream);
  expect((train as Pictures).pixels).toHaveLength(COUNT * bytesOfPicture(SIZE));
});

test('a picture that does not decode, or is gone, is named when it is asked for', async () => {
  const file = join(folder, 'cat', '000000.jpg');
  const stream = { decoder, above: 0 };
  const { train } = await readStreamedSource(folder, SIZE, stream);
  await rm(file);
  await writeFile(file, '<html>');
  const { read } = train as StreamedPictures;
  await expect(read([1, 0])).rejects.toMatchObject({
    code: 'bad-data',
    message: expect.stringMatching(/cat\/000000\.jpg does not decode as a picture \(it begins/),
  });
  await rm(file);
  await expect(read([0])).rejects.toThrow(/000000\.jpg does not decode as a picture \(ENOENT/);
  await expect(read([1])).resolves.toHaveLength(bytesOfPicture(SIZE));
});

test('a decoder that is closed refuses what waits, and what comes', async () => {
  const own = openPictureDecoder(join(dirname(CLI), 'decode-worker.js'), 1);
  const waiting = own.decode(join(folder, 'dog', '000001.jpg'), SIZE);
  const refused = expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  await own.close();
  await refused;
  await expect(own.decode('x', SIZE)).rejects.toMatchObject({ code: 'aborted' });
});
