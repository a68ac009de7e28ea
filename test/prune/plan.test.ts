import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LossKind } from '../../shaders/point-loss.js';
import type { Device } from '../../src/gpu/device.js';
import { BYTES, type Matrix } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import { chunkSlices } from '../../src/kernels/example-slices.js';
import { type PlanRequest, planSelection } from '../../src/prune/plan.js';
import type { SelectionProblem } from '../../src/prune/problem.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';

interface Size {
  readonly m: number;
  readonly n: number;
  readonly loss?: LossKind;
  readonly resident?: boolean;
  readonly storage?: StorageFormat;
}

/** A problem's sizes, which are all that a plan looks at, in chunks that fit 1 GiB. */
function problemToPlan({
  m,
  n,
  loss = 'squared',
  resident = true,
  storage = 'f32',
}: Size): SelectionProblem {
  const size = Math.floor(2 ** 30 / (BYTES[storage] * n));
  const chunks = Array.from({ length: Math.ceil(m / size) }, (_, buffer) => ({
    buffer,
    firstRow: buffer * size,
    rows: Math.min(size, m - buffer * size),
  }));
  const activations = { rows: m, columns: n, storage, resident, buffers: [], chunks };
  return {
    activations: { ...activations, load: () => undefined },
    weights: {} as Matrix,
    targets: {} as Matrix,
    loss,
  };
}

/** What a plan looks at of a device: the class of its adapter, and its limits. */
function deviceRecord(kind: 'hardware' | 'software', gibibytes: number): Device {
  const bytes = gibibytes * 2 ** 30;
  const limits = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
  return { adapter: { kind, name: 'a GPU' }, limits } as unknown as Device;
}

describe('the planner', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  const software = deviceRecord('software', 1);

  test.each([
    { size: { m: 4096, n: 1024 }, request: { picks: 20 }, oracle: 'rows' },
    { size: { m: 4096, n: 512 }, request: { picks: 20_000 }, oracle: 'gram' },
    { size: { m: 4096, n: 1024, resident: false }, request: { picks: 20 }, oracle: 'gram' },
    {
      size: { m: 4096, n: 1024, resident: false },
      request: { picks: 20, oracle: 'rows' },
      oracle: 'rows',
    },
    { size: { m: 512, n: 64 }, request: { picks: 3, oracle: 'gram' }, oracle: 'gram' },
    { size: { m: 4096, n: 512 }, request: { picks: 20_000, oracle: 'rows' }, oracle: 'rows' },
    { size: { m: 4096, n: 512 }, request: { picks: 20_000, block: 4 }, oracle: 'rows' },
    {
      size: { m: 4096, n: 512, resident: false },
      request: { picks: 20_000, block: 4 },
      oracle: 'rows',
    },
    { size: { m: 512, n: 64 }, request: { picks: 3, oracle: 'direct' }, oracle: 'direct' },
    { size: { m: 512, n: 64 }, request: { picks: 3, selectionBatch: 100 }, oracle: 'direct' },
    {
      size: { m: 512, n: 64, loss: 'cross-entropy' },
      request: { picks: 3 },
      oracle: 'direct',
    },
    { size: { m: 1, n: 1 }, request: { picks: 1 }, oracle: 'rows' },
    // Few examples and many neurons: the Gram matrix would outgrow the activations.
    { size: { m: 250, n: 8192 }, request: { picks: 5000 }, oracle: 'rows' },
    // Larger than any binding.
    { size: { m: 4e5, n: 1e5 }, request: { picks: 1e5 }, oracle: 'rows' },
    { size: { m: 4e5, n: 1e5, resident: false }, request: { picks: 9 }, oracle: 'rows' },
  ] satisfies readonly { size: Size; request: PlanRequest; oracle: string }[])(
    '$size, $request: $oracle',
    ({ size, request, oracle }) => {
      const plan = planSelection(software, problemToPlan(size), request);
      expect(plan.oracle).toBe(oracle);
      expect(plan.reason).not.toBe('');
      expect(plan.block).toBeGreaterThanOrEqual(1);
      expect(plan.block).toBeLessThanOrEqual(Math.min(request.block ?? size.n, size.n));
      expect(plan.capacity).toBeGreaterThanOrEqual(plan.block);
      if (oracle === 'gram') expect(plan.capacity).toBe(size.n);
    },
  );

  test('a GPU makes no more dispatches a pick than the whole matrix would cost', () => {
    const plan = (picks: number) =>
      planSelection(deviceRecord('hardware', 1), problemToPlan({ m: 4096, n: 1024 }), {
        picks,
        foreseeable: true,
      });
    expect(plan(2)).toMatchObject({ oracle: 'rows' });
    expect(plan(200)).toMatchObject({ oracle: 'gram' });
  });

  test.each(['hardware', 'software'] as const)(
    'chunks of small bindings leave a block of rows room, %s',
    (kind) => {
      const bytes = 2 ** 27;
      const [m, n] = [50_000, 10_000];
      const rows = Math.floor(bytes / (4 * n));
      const { activations, ...problem } = problemToPlan({ m, n });
      const chunks = Array.from({ length: Math.ceil(m / rows) }, (_, buffer) => ({
        buffer,
        firstRow: buffer * rows,
        rows: Math.min(rows, m - buffer * rows),
      }));
      const record = deviceRecord(kind, bytes / 2 ** 30);
      const cut = { ...problem, activations: { ...activations, chunks } };
      expect(planSelection(record, cut, { picks: 200, block: 16 })).toMatchObject({ block: 16 });
      // The pass before the first pick, for ten outputs.
      expect(chunkSlices(record, chunks, n) * 11 * n * 4).toBeLessThan(bytes);
    },
  );

  test('in float16 a pass is half the bytes, so that fewer rows of it pay', () => {
    const record = deviceRecord('hardware', 1);
    const plan = (storage: StorageFormat) =>
      planSelection(record, problemToPlan({ m: 50_000, n: 10_000, storage }), {
        picks: 200,
        foreseeable: true,
      });
    const { reason: _, ...floats } = plan('f32');
    expect(floats).toMatchObject({ oracle: 'rows', block: 16, lookahead: true });
    expect(plan('f16')).toMatchObject({ ...floats, block: 8, storage: 'f16' });
  });

  test('a plan says the same on the device itself', () => {
    const problem = problemToPlan({ m: 4096, n: 1024 });
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const gibibytes = Math.min(maxBufferSize, maxStorageBufferBindingSize) / 2 ** 30;
    const record = deviceRecord(device.adapter.kind, gibibytes);
    expect(planSelection(device, problem, { picks: 200 })).toEqual(
      planSelection(record, problem, { picks: 200 }),
    );
  });

  test.each(['hardware', 'software'] as const)(
    '10,000 neurons on 50,000 examples fit 1 GiB bindings, %s',
    (kind) => {
      const record = deviceRecord(kind, 1);
      const plan = planSelection(record, problemToPlan({ m: 50_000, n: 10_000 }), { picks: 200 });
      expect(plan.oracle).toBe('rows');
      expect(plan.block).toBeGreaterThan(1);
      expect(plan.capacity * 10_000 * 4).toBeLessThanOrEqual(2 ** 30);
      const { chunks } = problemToPlan({ m: 50_000, n: 10_000 }).activations;
      expect(chunks).toHaveLength(2);
      const slices = chunkSlices(record, chunks, 10_000);
      expect(slices * plan.block * 10_000 * 4).toBeLessThanOrEqual(2 ** 30);
      const streamed = problemToPlan({ m: 50_000, n: 10_000, resident: false });
      const gram = planSelection(record, streamed, { picks: 200 });
      expect(gram).toMatchObject({ oracle: 'gram', capacity: 10_000, reason: 'streamed' });
    },
  );

  test.each([
    {
      size: { m: 9, n: 9 },
      request: { picks: 1, block: 0 },
      code: 'bad-config',
      says: /^block must/,
    },
    { size: { m: 9, n: 9 }, request: { picks: 1, block: 1.5 }, code: 'bad-config', says: /1\.5/ },
    {
      size: { m: 9, n: 9, loss: 'cross-entropy' },
      request: { picks: 1, oracle: 'gram' },
      code: 'bad-config',
      says: /^oracle gram goes with loss squared only, .* has no Gram matrix\.$/,
    },
    {
      size: { m: 9, n: 9 },
      request: { picks: 1, selectionBatch: 3, oracle: 'rows' },
      code: 'bad-config',
      says: /^selectionBatch 3 goes with oracle direct only, not with rows: /,
    },
    {
      size: { m: 9, n: 20_000 },
      request: { picks: 1, oracle: 'gram' },
      code: 'limit-exceeded',
      says: /^width 20000 .* the rows of the Gram matrix fit up to width 16384\. Use oracle rows instead\.$/,
    },
  ] satisfies readonly { size: Size; request: PlanRequest; code: string; says: RegExp }[])(
    '$size, $request is refused',
    ({ size, request, code, says }) => {
      const plan = () => planSelection(software, problemToPlan(size), request);
      expect(plan).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) }));
    },
  );
});
