import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bufferFrom, createBuffer, readFloats, upload } from '../../src/gpu/buffer.js';
import type { Device } from '../../src/gpu/device.js';
import { largestBinding } from '../../src/gpu/limits.js';
import {
  createChunkedMatrix,
  createMatrix,
  readMatrix,
  rowStride,
  uploadMatrix,
} from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { nearestHalf } from '../../src/reference/half.js';
import { freshDevice } from './probe.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

const counting = (length: number) => Float32Array.from({ length }, (_, i) => i + 0.5);

describe('a matrix', () => {
  test.each([
    [1, 1],
    [5, 3],
    [3, 4],
    [2, 785],
    // Its padded rows take three of the blocks of 2²² words in which they are uploaded.
    [9001, 1021],
  ])('of %i × %i comes back as it went', async (rows, columns) => {
    const data = counting(rows * columns);
    const matrix = createMatrix(device, 'there and back', [rows, columns], { data });
    using _ = matrix.buffer;
    expect(matrix.stride).toBe(rowStride(columns));
    expect(matrix.stride % 4).toBe(0);
    const back = await readMatrix(matrix);
    expect(back.length).toBe(data.length);
    expect(back.findIndex((value, i) => value !== data[i])).toBe(-1);
    if (matrix.stride === columns) return;
    const padded = await readFloats(matrix.buffer);
    expect(padded.length).toBe(rows * matrix.stride);
    expect(padded.findIndex((v, i) => i % matrix.stride >= columns && v !== 0)).toBe(-1);
  });

  test('starts as zeros, and refuses data of another length', async () => {
    const matrix = createMatrix(device, 'zeros', [3, 5]);
    using _ = matrix.buffer;
    expect(await readMatrix(matrix)).toEqual(new Float32Array(15));
    expect(() => uploadMatrix(matrix, new Float32Array(16))).toThrow(/zeros: 16 values.*3 × 5/);
    const before = device.liveBytes;
    expect(() => createMatrix(device, 'odd', [3, 5], { data: new Float32Array(16) })).toThrow(
      /odd: 16 values/,
    );
    // The queue refuses what is not a multiple of four bytes; TypeScript does not.
    expect(() => bufferFrom(device, 'shorts', new Int16Array(3) as never)).toThrow();
    expect(device.liveBytes).toBe(before);
    expect(() => upload(matrix.buffer, new Float32Array(24), 1)).toThrow(/zeros: 96 bytes at 4/);
  });
});

describe('a chunked matrix', () => {
  test.each([
    { rows: 10, columns: 3, rowsPerChunk: 4, counts: [4, 4, 2] },
    { rows: 10, columns: 3, rowsPerChunk: 1, counts: Array(10).fill(1) },
    { rows: 3, columns: 5, rowsPerChunk: 7, counts: [3] },
    { rows: 1, columns: 1, rowsPerChunk: undefined, counts: [1] },
  ])('of $rows rows, $rowsPerChunk a chunk', ({ rows, columns, rowsPerChunk, counts }) => {
    const before = device.liveBytes;
    const matrix = createChunkedMatrix(device, 'chunks', [rows, columns], { rowsPerChunk });
    expect(matrix).toMatchObject({ rows, columns });
    expect(matrix.chunks.map((chunk) => chunk.rows)).toEqual(counts);
    const starts = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
    expect(matrix.chunks.map((chunk) => chunk.firstRow)).toEqual(starts);
    expect(device.liveBytes - before).toBe(rows * rowStride(columns) * 4);
    for (const chunk of matrix.chunks) chunk.buffer.dispose();
    expect(device.liveBytes).toBe(before);
  });
});

describe('a matrix in float16', () => {
  test.each([
    [1, 1],
    [5, 3],
    // Its padded rows take two of the blocks in which they are uploaded.
    [4201, 1021],
  ])('of %i × %i rounds what it is given, in half the memory', async (rows, columns) => {
    const data = counting(rows * columns).map((x, i) => ((i % 3 ? x : -x) % 4096) * 2 ** -(i % 37));
    const before = device.liveBytes;
    const matrix = createMatrix(device, 'halves', [rows, columns], { data, storage: 'f16' });
    using _ = matrix.buffer;
    expect(device.liveBytes - before).toBe(rows * matrix.stride * 2);
    const back = await readMatrix(matrix);
    expect(back.length).toBe(data.length);
    expect(back.findIndex((value, i) => value !== nearestHalf(data[i] ?? 0))).toBe(-1);
  });
});

describe('limits', () => {
  test('are named before anything is allocated', async () => {
    const before = device.liveBytes;
    const peak = device.peakBytes;
    const limit = largestBinding(device);
    const fits = Math.floor(limit / (rowStride(1001) * 4));
    const refused = { code: 'limit-exceeded', message: expect.stringContaining('too wide') };
    const attempts = [
      () => createBuffer(device, 'too wide', limit / 4 + 1),
      () => createMatrix(device, 'too wide', [fits + 1, 1001]),
      () => createChunkedMatrix(device, 'too wide', [2, limit / 4 + 1]),
      () => new Scope(device).matrix('too wide', [fits + 1, 1001]),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(expect.objectContaining(refused) as unknown as Error);
    }
    expect(attempts[1]).toThrow(`at most ${fits} rows`);
    expect([device.liveBytes, device.peakBytes]).toEqual([before, peak]);
    await device.idle();
  });
});

describe('a scope', () => {
  test('frees all that it owns, once, also when what follows throws', () => {
    const before = device.liveBytes;
    expect(() => {
      using scope = new Scope(device);
      scope.buffer('a', 10);
      scope.bufferFrom('b', Uint32Array.of(1, 2));
      scope.matrix('c', [3, 5]);
      scope.chunkedMatrix('d', [10, 3], { rowsPerChunk: 4 });
      expect(device.liveBytes - before).toBe(40 + 8 + 3 * 8 * 4 + 10 * 4 * 4);
      throw new Error('after all');
    }).toThrow('after all');
    expect(device.liveBytes).toBe(before);
  });

  test('and a buffer forgive a second dispose', () => {
    const before = device.liveBytes;
    const scope = new Scope(device);
    const buffer = scope.buffer('a', 10);
    for (let i = 0; i < 2; i++) {
      buffer.dispose();
      scope.dispose();
    }
    expect(device.liveBytes).toBe(before);
  });
});
