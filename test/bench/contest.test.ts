import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Benchmark, Shape } from '../../bench/benchmark.js';
import { type ContestEvent, holdContest } from '../../bench/contest.js';
import { type KernelBench, kernelBenchmark } from '../../bench/kernel.js';
import { gramRowsBench } from '../../bench/kernels/gram-rows.js';
import { lossBench } from '../../bench/kernels/loss.js';
import { matmulBench } from '../../bench/kernels/matmul.js';
import { momentumUpdateBench } from '../../bench/kernels/momentum-update.js';
import { pickBench } from '../../bench/kernels/pick.js';
import { FORMS, type MatmulTask, NotWaitedFor, type Peer } from '../../bench/peers/peer.js';
import { ratioToOwn } from '../../bench/ratio.js';
import { adoptDevice, type Device } from '../../src/gpu/device.js';
import { openNodeAdapter, openNodeDevice } from '../../src/hosts/node.js';

const LIMITS = { copyGBps: 2, fmaGflops: 20, dispatchMicros: 1, submitMicros: 1 };

let device: Device;
beforeAll(async () => {
  device = await openNodeDevice('software');
});
afterAll(() => device?.dispose());

/** How many events there were each time that the adapter was woken. */
let woken: number[] = [];

async function contestEvents(
  benchmark: Benchmark,
  on = device,
  variants?: readonly string[],
  peers: readonly Peer[] = [],
) {
  const [first] = benchmark.cases;
  if (!first) throw new Error('a benchmark without a case');
  const contest = { benchmark, case: first, variants, forms: FORMS, forced: false };
  const events: ContestEvent[] = [];
  woken = [];
  const options = {
    limits: LIMITS,
    wake: async () => {
      woken.push(events.length);
    },
    source: undefined,
    effort: 0.01,
    peers,
  };
  for await (const event of holdContest(on, contest, options)) events.push(event);
  return events;
}

/** The benchmark of one shape; it counts its calls, of which each runs the kernel so many times. */
function counted<S extends Shape>(bench: KernelBench<S>, shape: S, times = 1) {
  const calls = { count: 0 };
  const benchmark = kernelBenchmark<S>({
    ...bench,
    shapes: [shape],
    prepare: async (context) => {
      const { encode, verify } = await bench.prepare(context);
      return {
        verify,
        encode: (commands) => {
          calls.count++;
          for (let time = 0; time < times; time++) encode(commands);
        },
      };
    },
  });
  return { benchmark, calls };
}

test('a right answer is timed, and its figures follow from the median', async () => {
  const before = device.liveBytes;
  const { benchmark, calls } = counted(lossBench, { m: 600, c: 3 });
  const events = await contestEvents(benchmark);
  expect(events.map(({ type }) => type)).toEqual(['verified', 'measured']);
  expect(woken, 'woken behind the last check, and once').toEqual([1]);
  // One to verify, a warm-up and one to see how long it takes, a warm-up and three samples.
  expect(calls.count).toBeGreaterThanOrEqual(7);
  expect(device.liveBytes).toBe(before);
  const result = events[1]?.type === 'measured' ? events[1].result : undefined;
  if (!result) throw new Error('nothing measured');
  const { medianMs, lowMs, highMs, gflops, gbps, shareOfLimit, ...entry } = result;
  expect(entry).toEqual({
    work: 'loss',
    shape: { m: 600, c: 3 },
    subject: 'espalier',
    variant: 'default',
    verified: true,
    samples: 6,
    clock: 'wall',
  });
  expect(lowMs).toBeGreaterThan(0);
  expect(medianMs).toBeGreaterThanOrEqual(lowMs);
  expect(highMs).toBeGreaterThanOrEqual(medianMs);
  expect(gflops * medianMs).toBeCloseTo((3 * 600 * 3) / 1e6, 10);
  expect(gbps * medianMs).toBeCloseTo((4 * (2 * 600 * 3 + 2 * 2)) / 1e6, 10);
  expect(shareOfLimit).toBe(Math.max(gflops / 20, gbps / 2));
});

test('a wrong answer is refused: the kernel is not timed', async () => {
  const before = device.liveBytes;
  // Two updates where the oracle expects one.
  const { benchmark, calls } = counted(momentumUpdateBench, { n: 67, c: 1, slices: 2 }, 2);
  expect(await contestEvents(benchmark)).toEqual([
    {
      type: 'refused',
      reason: expect.stringMatching(
        /^velocity: element \d+ is .*, expected .* ± .* times the bound/,
      ),
      result: {
        work: 'momentum-update',
        shape: { n: 67, c: 1, slices: 2 },
        subject: 'espalier',
        variant: 'default',
        verified: false,
        medianMs: null,
        lowMs: null,
        highMs: null,
        gflops: null,
        gbps: null,
        shareOfLimit: null,
      },
    },
  ]);
  expect(woken).toEqual([]);
  expect(calls.count).toBe(1);
  expect(device.liveBytes).toBe(before);
});

test('one wrong variant keeps the others from being timed', async () => {
  const { benchmark, calls } = counted(
    {
      ...gramRowsBench,
      prepare: async (context) => {
        const kernel = await gramRowsBench.prepare(context);
        const wrong = context.variant === 'lanes';
        return wrong ? { ...kernel, encode: () => undefined } : kernel;
      },
    },
    { m: 37, n: 13, p: 3 },
  );
  const events = await contestEvents(benchmark, device, ['coalesced', 'lanes']);
  expect(events.map(({ type }) => type)).toEqual(['verified', 'refused']);
  expect(calls.count).toBe(2);
});

test('a variant that the adapter cannot run is skipped, with its reason', async () => {
  const adapter = await openNodeAdapter('software');
  const raw = await adapter.requestDevice();
  using plain = adoptDevice(raw, adapter);
  const { benchmark } = counted(gramRowsBench, { m: 37, n: 13, p: 4 });
  const events = await contestEvents(benchmark, plain, ['subgroup', 'lanes']);
  expect(events.map(({ type }) => type)).toEqual(['verified', 'skipped', 'measured']);
  expect(events[1]).toMatchObject({
    entry: { variant: 'subgroup' },
    reason: expect.stringContaining('needs an adapter whose subgroups'),
  });
  plain.dispose();
  raw.destroy();
});

test('a shape that is too large for the adapter, or slow on it, is skipped', async () => {
  const greedy: KernelBench<{ readonly n: number; readonly p: number }> = {
    ...pickBench,
    prepare: async (context) => {
      context.scope.matrix('activations', [2 ** 20, context.shape.n]);
      return pickBench.prepare(context);
    },
  };
  const { benchmark, calls } = counted(greedy, { n: 2 ** 12, p: 4 });
  expect(await contestEvents(benchmark)).toMatchObject([
    {
      type: 'skipped',
      reason: expect.stringContaining('activations of 1048576 rows is too large'),
    },
  ]);
  const cases = benchmark.cases.map((each) => ({ ...each, hardwareOnly: true }));
  expect(await contestEvents({ ...benchmark, cases })).toMatchObject([
    { type: 'skipped', reason: expect.stringContaining('--shape n=4096,p=4 runs it') },
  ]);
  expect(calls.count).toBe(0);
});

/** A peer that multiplies on the CPU, off by `error`, and throws from its run `dies` on. */
function peerWithError(
  subject: Peer['subject'],
  error: number,
  dies = Number.POSITIVE_INFINITY,
  Why: new (message: string) => Error = Error,
): Peer {
  const matmul = async ({ m, n, k, a, b }: MatmulTask) => {
    const product = new Float32Array(m * n);
    let runs = 0;
    const run = async (times: number) => {
      runs += times;
      if (runs > dies) throw new Why(`run ${dies + 1} is one too many`);
      for (let e = 0; e < m * n; e++) {
        let sum = error;
        for (let p = 0; p < k; p++) {
          sum += (a[Math.floor(e / n) * k + p] ?? 0) * (b[p * n + (e % n)] ?? 0);
        }
        product[e] = sum;
      }
    };
    return { run, answer: async () => product, [Symbol.dispose]: () => undefined };
  };
  return {
    subject,
    package: subject,
    open: async () => device.raw,
    works: { fastest: { matmul } },
  };
}

test.each([
  [
    'right',
    peerWithError('tfjs', 0),
    ['verified', 'awaited', 'verified', 'measured', 'measured'],
    undefined,
  ],
  [
    'wrong',
    peerWithError('tfjs', 0.1),
    ['verified', 'awaited', 'refused', 'measured'],
    /^product: element \d+ is/,
  ],
  [
    'failing',
    peerWithError('tfjs', 0, 0),
    ['verified', 'awaited', 'skipped', 'measured'],
    /^it fails: run 1 is/,
  ],
  [
    'lengthy',
    peerWithError('tfjs', 0, 0, NotWaitedFor),
    ['verified', 'awaited', 'skipped', 'measured'],
    /^run 1 is/,
  ],
  [
    'dying',
    peerWithError('tfjs', 0, 1),
    ['verified', 'awaited', 'verified', 'skipped', 'measured'],
    /^it fails/,
  ],
])('a %s peer competes or is told, and ours is timed', async (_, peer, types, reason) => {
  const { benchmark } = counted(matmulBench, { m: 5, n: 7, k: 3 });
  const events = await contestEvents(benchmark, device, undefined, [peer]);
  expect(events.map(({ type }) => type)).toEqual(types);
  const told = events.find((event) => 'reason' in event);
  expect(told?.reason).toEqual(reason ? expect.stringMatching(reason) : undefined);
  const results = events.flatMap((event) => (event.type === 'measured' ? [event.result] : []));
  expect(results.map(({ subject }) => subject)).toEqual(
    ['espalier', 'tfjs'].slice(0, results.length),
  );
  const ratios = results.map((result) => ratioToOwn(results, result));
  expect(ratios).toEqual(results.map(({ medianMs }) => medianMs / (results[0]?.medianMs ?? 0)));
});
