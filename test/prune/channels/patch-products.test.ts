import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Commands } from '../../../src/gpu/commands.js';
import type { Device } from '../../../src/gpu/device.js';
import { uploadMatrix } from '../../../src/gpu/matrix.js';
import { Scope } from '../../../src/gpu/scope.js';
import { featureMap } from '../../../src/kernels/feature-map.js';
import { type Window, windowPositions } from '../../../src/kernels/window.js';
import { preparePatchProducts } from '../../../src/prune/channels/patch-products.js';
import { type PositionSample, planPositions } from '../../../src/prune/channels/positions.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNumbers } from '../../kernels/case.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

/** Float32 sums of a few thousand products lie off by this share of their largest at most. */
const TOLERANCE = 1e-5;

const same = (pad: number) => ({ top: pad, left: pad, bottom: pad, right: pad });

interface Spec extends Window {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly sample?: PositionSample;
}

const SPECS: Readonly<Record<string, Spec>> = {
  'one channel of one place': spec([1, 1, 1, 1], 1, [3, 3], 1, 1),
  'a row': spec([2, 1, 7, 2], 3, [3, 3], 1, 1),
  'a column': spec([2, 5, 1, 7], 1, [3, 3], 1, 1),
  'two by two': spec([3, 2, 2, 5], 2, [3, 3], 1, 1),
  '3 × 3 in steps of one': spec([3, 7, 6, 13], 10, [3, 3], 1, 1),
  'larger than a tile': spec([2, 5, 6, 35], 5, [3, 3], 1, 1),
  '1 × 1': spec([3, 5, 3, 13], 7, [1, 1], 1, 0),
  '1 × 1 in steps of two': spec([2, 5, 4, 7], 3, [1, 1], 2, 0),
  '3 × 3 in steps of two': spec([2, 7, 6, 5], 3, [3, 3], 2, 1),
  '3 × 3 without padding': spec([2, 5, 6, 3], 2, [3, 3], 1, 0),
  '5 × 3': spec([2, 6, 5, 2], 2, [5, 3], 1, 2),
  'the whole map': spec([3, 2, 3, 5], 4, [2, 3], 1, 0),
};

function spec(
  [images, height, width, channels]: readonly [number, number, number, number],
  outputs: number,
  kernel: readonly [number, number],
  step: number,
  pad: number,
): Spec {
  const stride = [step, step] as const;
  return { images, height, width, channels, outputs, kernel, stride, padding: same(pad) };
}

/** P [images · positions × gC], channel by channel, by its definition. */
function patches(own: Spec, map: Float32Array, images: number): Float64Array[] {
  const { height, width, channels, kernel, stride, padding } = own;
  const extent = windowPositions(own, own);
  const rows: Float64Array[] = [];
  for (let n = 0; n < images; n++) {
    for (let u = 0; u < extent.height; u++) {
      for (let v = 0; v < extent.width; v++) {
        const row = new Float64Array(channels * kernel[0] * kernel[1]);
        row.forEach((_, at) => {
          const tap = at % (kernel[0] * kernel[1]);
          const c = Math.floor(at / (kernel[0] * kernel[1]));
          const y = u * stride[0] + Math.floor(tap / kernel[1]) - padding.top;
          const x = v * stride[1] + (tap % kernel[1]) - padding.left;
          if (y < 0 || x < 0 || y >= height || x >= width) return;
          row[at] = map[((n * height + y) * width + x) * channels + c] as number;
        });
        rows.push(row);
      }
    }
  }
  return rows;
}

function products(left: readonly Float64Array[], right: readonly Float64Array[]): Float64Array {
  const [a, b] = [left[0]?.length ?? 0, right[0]?.length ?? 0];
  const out = new Float64Array(a * b);
  left.forEach((row, p) => {
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) {
        out[i * b + j] =
          (out[i * b + j] as number) + (row[i] as number) * (right[p]?.[j] as number);
      }
    }
  });
  return out;
}

function furthest(found: Float64Array, expected: Float64Array): number {
  expect(found.length).toBe(expected.length);
  const largest = (values: Float64Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(expected.map((value, at) => value - (found[at] as number))) / largest(expected);
}

const SAMPLED: Readonly<Record<string, Spec>> = {
  '3 × 3, each third position': {
    ...spec([3, 7, 8, 5], 3, [3, 3], 1, 1),
    sample: { from: [1, 2], step: 3 },
  },
  '5 × 3 in steps of two, each second position': {
    ...spec([2, 11, 9, 3], 2, [5, 3], 2, 1),
    sample: { from: [0, 1], step: 2 },
  },
  '1 × 1, the last position': {
    ...spec([2, 5, 4, 7], 3, [1, 1], 1, 0),
    sample: { from: [4, 3], step: 5 },
  },
};

const isTaken = (place: number, width: number, { from, step }: PositionSample) =>
  [Math.floor(place / width) - from[0], (place % width) - from[1]].every(
    (apart) => apart >= 0 && apart % step === 0,
  );

describe('sums over patches are those of their definition', () => {
  test.each([...Object.entries(SPECS), ...Object.entries(SAMPLED)])('%s', async (_, own) => {
    using scope = new Scope(device);
    const { images, height, width, channels, outputs } = own;
    const extent = windowPositions(own, own);
    const map = (label: string, size: typeof extent, columns: number) => {
      const rows = images * size.height * size.width;
      const data = new Float32Array(rows * columns).fill(Number.NaN);
      return featureMap(scope.matrix(label, [rows, columns], { data }), size);
    };
    const input = map('input', { height, width }, channels);
    const error = map('error', extent, outputs);
    using sums = await preparePatchProducts(device, { ...own, input, error });
    const seen: Float64Array[] = [];
    const errors: Float64Array[] = [];
    // The second call is for one image less, whose place holds what the first one left.
    for (const [call, count] of [images, Math.max(1, images - 1)].entries()) {
      const x = randomNumbers(count * height * width * channels, 2 * call);
      const e = randomNumbers(count * extent.height * extent.width * outputs, 2 * call + 1);
      uploadMatrix({ ...input.matrix, rows: count * height * width }, x);
      uploadMatrix({ ...error.matrix, rows: count * extent.height * extent.width }, e);
      const commands = new Commands(device);
      sums.encode(commands, count);
      await commands.finish();
      await sums.collect();
      const places = extent.height * extent.width;
      patches(own, x, count).forEach((patch, at) => {
        if (own.sample && !isTaken(at % places, extent.width, own.sample)) return;
        seen.push(patch);
        errors.push(Float64Array.from(e.subarray(at * outputs, (at + 1) * outputs)));
      });
    }
    const totals = sums.totals();
    expect(furthest(totals.gram, products(seen, seen))).toBeLessThan(TOLERANCE);
    const cross = totals.errorProduct as Float64Array;
    expect(furthest(cross, products(seen, errors))).toBeLessThan(TOLERANCE);
    const square = errors.flatMap((row) => [...row]).reduce((sum, value) => sum + value ** 2, 0);
    expect(totals.errorEnergy / square).toBeCloseTo(1, 5);
    expect(totals.positions).toBe(seen.length);
  });
});

test('positions are sampled where there are more than asked for, and where that is cheaper', () => {
  const plan = (kernel: 1 | 3, size: number, most: number) =>
    planPositions(
      { kernel: [kernel, kernel], stride: [1, 1], padding: same((kernel - 1) / 2) },
      { height: size, width: size },
      { most, seed: 3, purpose: 'c1' },
    );
  expect(plan(1, 8, 64)).toMatchObject({ sample: undefined, reason: 'few', taken: 64 });
  for (let size = 1; size < 40; size++) {
    for (const most of [1, 16, 60]) {
      const { taken, sample } = plan(1, size, most);
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThanOrEqual(Math.min(most, size * size));
      expect(sample === undefined).toBe(size * size <= most);
    }
  }
  // 81 products of each of 64 positions are more than 15 of each of 256, and fewer than 15 of each of 1,024.
  expect(plan(3, 16, 64)).toMatchObject({ sample: undefined, reason: 'dearer', taken: 256 });
  expect(plan(3, 32, 64)).toMatchObject({ sample: { step: 4 }, reason: 'cheaper', taken: 64 });
  expect(plan(3, 32, 64)).toEqual(plan(3, 32, 64));
});
