import type { Commands } from './commands.js';
import type { Device } from './device.js';
import { timeGpu } from './timing.js';

/** What a kernel is generated with, such as its tile. All of a kernel's give the same answer. */
export interface Configuration {
  readonly name: string;
}

/** A kernel that can be generated in several ways. */
export interface Tunable<C extends Configuration> {
  /** The kernel and the class of its size. */
  readonly kernel: string;
  /** The likeliest first. */
  readonly configurations: readonly [C, ...C[]];
  /** Operations of a call, so that no submit holds more of them than it should. */
  readonly operations: number;
  /** Gives what encodes a call with a configuration. Its answer is not looked at. */
  readonly prepare: (configuration: C) => Promise<(commands: Commands) => void>;
}

/** Rounds in which the configurations take turns; the best of each counts, as noise only ever adds. */
const ROUNDS = 3;
/** Calls of a sample at most on hardware, where one is over before a clock notices. */
const REPETITIONS = { hardware: 16, software: 1 } as const;
/**
 * Operations of a call that a software adapter does in a tenth of a second, and the rows or depth that
 * are timed whatever they take. Nobody can interrupt a call.
 */
const MOST_OPERATIONS = 1e9;
const LEAST_SIZE = 128;
/** A configuration takes the place of the first only when it is faster by more than noise. */
const GAIN = 0.95;

/** One device is measured for one thing at a time. */
const turns = new WeakMap<Device, Promise<unknown>>();

/**
 * The configuration that is known or now measured to be fastest for the kernel; the first, which
 * should be the best guess, where the device has no tuning, or its job is to end.
 */
export async function autotune<C extends Configuration>(
  device: Device,
  tunable: Tunable<C>,
): Promise<C> {
  const { tuning } = device;
  const { kernel, configurations } = tunable;
  if (!tuning || configurations.length === 1) return configurations[0];
  const key = `${device.adapter.name}: ${kernel}`;
  const known = () => configurations.find(({ name }) => name === tuning.get(key));
  const before = turns.get(device) ?? Promise.resolve();
  const measured = before.then(async () => {
    const found = known() ?? (await measure(device, tunable));
    if (found) tuning.set(key, found.name);
    return found ?? configurations[0];
  });
  turns.set(
    device,
    measured.catch(() => undefined),
  );
  return known() ?? measured;
}

/** A size's class: what is best for one size is as good for another a little larger. */
export function sizeClass(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, size)));
}

/** How much of a size to time, where one more takes `each` operations more: all of it on hardware. */
export function timedSize(device: Device, size: number, each: number): number {
  if (device.adapter.kind === 'hardware') return size;
  return Math.min(size, Math.max(LEAST_SIZE, Math.floor(MOST_OPERATIONS / each)));
}

/** Nothing where the device's job is to end meanwhile. */
async function measure<C extends Configuration>(
  device: Device,
  { configurations, operations, prepare }: Tunable<C>,
): Promise<C | undefined> {
  const contenders = [];
  for (const configuration of configurations) {
    if (device.isEnding) return undefined;
    contenders.push({
      configuration,
      encode: await prepare(configuration),
      best: Number.POSITIVE_INFINITY,
    });
  }
  const fitting = Math.floor(device.operationsPerSubmit / operations);
  const repetitions = Math.max(1, Math.min(REPETITIONS[device.adapter.kind], fitting));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      if (device.isEnding) return undefined;
      const { samples } = await timeGpu(device, contender.encode, { samples: 1, repetitions });
      contender.best = Math.min(contender.best, samples[0] ?? Number.POSITIVE_INFINITY);
    }
  }
  const first = contenders[0]?.best ?? 0;
  const fastest = contenders.reduce((one, other) => (other.best < one.best ? other : one));
  return fastest.best < first * GAIN ? fastest.configuration : configurations[0];
}
