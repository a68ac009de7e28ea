import { throwIfAborted } from '../src/errors.js';
import { readFloats, upload } from '../src/gpu/buffer.js';
import { Commands } from '../src/gpu/commands.js';
import type { Device } from '../src/gpu/device.js';
import { prepareKernel } from '../src/gpu/kernel.js';
import { largestBinding } from '../src/gpu/limits.js';
import { Scope } from '../src/gpu/scope.js';
import { median, type Timing, timeGpu } from '../src/gpu/timing.js';
import { requireSame } from './check.js';
import {
  type CopyOptions,
  copyShader,
  emptyShader,
  FMA_UNROLL,
  type FmaOptions,
  fmaShader,
} from './limits.wgsl.js';
import { randomNumbers } from './numbers.js';
import { timeCalls } from './sampling.js';

/** What the adapter can do at most, measured beside what is compared with it. */
export interface AdapterLimits {
  /** Bytes read and written by the best of a few copy kernels, 10⁹ a second. */
  readonly copyGBps: number;
  /** Operations of the best of a few multiply-add kernels, two each, 10⁹ a second. */
  readonly fmaGflops: number;
  /** One more empty dispatch in a pass. */
  readonly dispatchMicros: number;
  /** One more submit that holds an empty dispatch. */
  readonly submitMicros: number;
}

export interface MeasuredLimits {
  readonly limits: AdapterLimits;
  /** The clock by which kernels are timed on this adapter. */
  readonly clock: Timing['clock'];
  /** The multiply-add rate now, as a share of the limit: what else the machine is busy with. */
  readonly pulse: () => Promise<number>;
  /**
   * Keeps a GPU busy until its clock is up again: while answers are checked on the CPU it falls to a
   * sixth, and takes a second of work to rise.
   */
  readonly wake: () => Promise<void>;
}

/** Larger than any cache by far. */
const COPY_BYTES = { hardware: 2 ** 28, software: 2 ** 26 } as const;
const COPIES: readonly CopyOptions[] = [
  { threads: 64, vectors: 1 },
  { threads: 64, vectors: 8 },
  { threads: 256, vectors: 1 },
  { threads: 256, vectors: 4 },
  { threads: 256, vectors: 16 },
];

/** Threads that fill the adapter; few do in software. */
const FMA_WORKGROUPS = { hardware: 8192, software: 64 } as const;
const FMA_ROUNDS = 32;
const FMAS: readonly FmaOptions[] = [
  { threads: 64, lanes: 1, chains: 16, fused: true },
  { threads: 64, lanes: 1, chains: 16, fused: false },
  { threads: 64, lanes: 4, chains: 4, fused: false },
  { threads: 64, lanes: 4, chains: 8, fused: true },
  { threads: 64, lanes: 4, chains: 12, fused: true },
];

const SUBMITS = 200;
const ROUNDS = 5;
const PULSE_SECONDS = 0.05;
/** Share of the multiply-add limit from which a GPU counts as awake, and the longest wait for it. */
const AWAKE = 0.9;
const WAKE_MILLIS = 3000;

/**
 * Measures the adapter's limits; about `seconds` a kernel.
 *
 * @throws when a copy or a chain of multiply-adds gives a wrong answer; aborted between kernels.
 */
export async function measureLimits(
  device: Device,
  seconds: number,
  signal?: AbortSignal,
): Promise<MeasuredLimits> {
  const copyGBps = await copyBandwidth(device, seconds, signal);
  let fma = { rate: 0, options: FMAS[0] as FmaOptions };
  for (const options of FMAS) {
    throwIfAborted(signal);
    const rate = await fmaRate(device, options, seconds);
    if (rate > fma.rate) fma = { rate, options };
  }
  const empty = await prepareKernel(device, emptyShader(), {});
  const encode = (commands: Commands) => commands.dispatch(empty, { unused: 0 }, 1);
  const { samples, clock } = await timeCalls(device, encode, seconds);
  const pulse = async () => (await fmaRate(device, fma.options, PULSE_SECONDS)) / fma.rate;
  return {
    clock,
    limits: {
      copyGBps,
      fmaGflops: fma.rate,
      dispatchMicros: 1000 * median(samples),
      submitMicros: 1000 * (await submitMillis(device, empty)),
    },
    pulse,
    wake: async () => {
      const begun = performance.now();
      const asleep = async () => device.adapter.kind === 'hardware' && (await pulse()) < AWAKE;
      while ((await asleep()) && performance.now() - begun < WAKE_MILLIS) throwIfAborted(signal);
    },
  };
}

async function copyBandwidth(
  device: Device,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  using scope = new Scope(device);
  const bytes = Math.min(COPY_BYTES[device.adapter.kind], largestBinding(device));
  const numbers = randomNumbers(bytes / 4, 1);
  const source = scope.bufferFrom('copy source', numbers);
  const destination = scope.buffer('copy destination', bytes / 4);
  let best = { millis: Number.POSITIVE_INFINITY, copy: (_: Commands): void => undefined };
  for (const options of COPIES) {
    throwIfAborted(signal);
    const kernel = await prepareKernel(device, copyShader(options), { source, destination });
    const workgroups = bytes / 16 / (options.threads * options.vectors);
    const copy = (commands: Commands) => commands.dispatch(kernel, { unused: 0 }, workgroups);
    // So many bytes take long: two samples choose the best, which alone is then measured.
    const { samples } = await timeGpu(device, copy, { samples: 2, repetitions: 1 });
    const millis = samples[0] as number;
    if (millis < best.millis) best = { millis, copy };
  }
  const { samples } = await timeCalls(device, best.copy, seconds);
  // The copies before it have left the answer there already.
  upload(destination, new Float32Array(bytes / 4));
  const commands = new Commands(device);
  best.copy(commands);
  await commands.finish();
  requireSame(await readFloats(destination), numbers, 'copy');
  return (2 * bytes) / median(samples) / 1e6;
}

/** Operations of one multiply-add kernel, 10⁹ a second. */
async function fmaRate(device: Device, options: FmaOptions, seconds: number): Promise<number> {
  using scope = new Scope(device);
  const workgroups = FMA_WORKGROUPS[device.adapter.kind];
  const { threads, lanes, chains } = options;
  const sums = scope.buffer('fma sums', workgroups * threads);
  const kernel = await prepareKernel(device, fmaShader(options), { sums });
  const uniforms = { rounds: FMA_ROUNDS, scale: 0.5, offset: 1 };
  const chain = (commands: Commands) => commands.dispatch(kernel, uniforms, workgroups);
  const { samples } = await timeCalls(device, chain, seconds);
  // x ← x/2 + 1 has arrived at 2 after a few dozen steps, exactly, wherever it began.
  const answer = new Float32Array(workgroups * threads).fill(2 * lanes * chains);
  requireSame(await readFloats(sums), answer, 'multiply-adds');
  const operations = 2 * lanes * chains * FMA_UNROLL * FMA_ROUNDS * threads * workgroups;
  return operations / median(samples) / 1e6;
}

/** Milliseconds of one of many submits in a row, by the wall clock: the work is the CPU's. */
async function submitMillis(
  device: Device,
  { pipeline, group }: Awaited<ReturnType<typeof prepareKernel>>,
): Promise<number> {
  const { raw } = device;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let submit = 0; submit < SUBMITS; submit++) {
      const encoder = raw.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group, [0]);
      pass.dispatchWorkgroups(1);
      pass.end();
      raw.queue.submit([encoder.finish()]);
    }
    await device.idle();
    times.push((performance.now() - start) / SUBMITS);
  }
  return median(times.sort((a, b) => a - b));
}
