import type { Batch } from './batch.js';
import type { Device } from './device.js';
import { timeGpu } from './timing.js';

/** A way to run a kernel, such as a tile. All forms of a kernel give the same answer. */
export interface Form {
  readonly name: string;
}

/** Rounds in which the forms take turns; the best of each counts, as noise only ever adds. */
const ROUNDS = 3;
/** Calls of a sample at most on hardware, where one is over before a clock notices. */
const REPETITIONS = { hardware: 16, software: 1 } as const;
/** A form takes the place of the first only when it is faster by more than noise. */
const GAIN = 0.95;

/** One device is measured for one thing at a time. */
const turns = new WeakMap<Device, Promise<unknown>>();

/**
 * The form that is known or now measured to be fastest for the kernel; the first, which should be the
 * best guess, where the device has no tuning.
 *
 * @param kernel the kernel and the class of its size.
 * @param operations of a call, so that no submit holds more of them than it should.
 * @param prepare gives what encodes a call of a form; its answer is not looked at.
 */
export async function fastestForm<F extends Form>(
  device: Device,
  kernel: string,
  forms: readonly [F, ...F[]],
  operations: number,
  prepare: (form: F) => Promise<(batch: Batch) => void>,
): Promise<F> {
  const { tuning } = device;
  if (!tuning || forms.length === 1) return forms[0];
  const key = `${device.adapter.name}: ${kernel}`;
  const known = () => forms.find(({ name }) => name === tuning.get(key));
  const before = turns.get(device) ?? Promise.resolve();
  const measured = before.then(async () => {
    const found = known() ?? (await measure(device, forms, operations, prepare));
    tuning.set(key, found.name);
    return found;
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

async function measure<F extends Form>(
  device: Device,
  forms: readonly [F, ...F[]],
  operations: number,
  prepare: (form: F) => Promise<(batch: Batch) => void>,
): Promise<F> {
  const contenders = [];
  for (const form of forms) {
    contenders.push({ form, encode: await prepare(form), best: Number.POSITIVE_INFINITY });
  }
  const fitting = Math.floor(device.operationsPerSubmit / operations);
  const repetitions = Math.max(1, Math.min(REPETITIONS[device.adapter.kind], fitting));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      const { samples } = await timeGpu(device, contender.encode, { samples: 1, repetitions });
      contender.best = Math.min(contender.best, samples[0] ?? Number.POSITIVE_INFINITY);
    }
  }
  const first = contenders[0]?.best ?? 0;
  const fastest = contenders.reduce((one, other) => (other.best < one.best ? other : one));
  return fastest.best < first * GAIN ? fastest.form : forms[0];
}
