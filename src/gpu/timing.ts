import { DISPOSE } from '../disposal.js';
import { Commands } from './commands.js';
import type { Device } from './device.js';

export interface Timing {
  /** Milliseconds of one repetition, sorted. */
  readonly samples: readonly number[];
  readonly clock: 'gpu' | 'wall';
}

/**
 * Times GPU work: `encode` fills one pass and is run `samples` times, `repetitions` in each pass.
 *
 * GPU timestamps where the adapter has them; otherwise the wall clock around submit and
 * completion. A software adapter is always timed by the wall: its timestamps leave out what the
 * same cores do to schedule the work, which its user waits for. So is any when `clock` says so.
 */
export async function timeGpu(
  device: Device,
  encode: (commands: Commands) => void,
  options: {
    readonly samples: number;
    readonly repetitions: number;
    readonly clock?: Timing['clock'] | undefined;
  },
): Promise<Timing> {
  const stamped = device.has('timestamp-query') && device.adapter.kind === 'hardware';
  const clock = stamped && options.clock !== 'wall' ? 'gpu' : 'wall';
  using timestamps = clock === 'gpu' ? createTimestamps(device) : undefined;
  const times: number[] = [];
  for (let sample = -1; sample < options.samples; sample++) {
    const commands = new Commands(device, timestamps?.writes);
    for (let repetition = 0; repetition < options.repetitions; repetition++) encode(commands);
    const start = performance.now();
    await commands.finish();
    const elapsed = timestamps ? await timestamps.read() : performance.now() - start;
    // The first sample compiles, faults pages in and fills caches: it is the warm-up.
    if (sample >= 0) times.push(elapsed / options.repetitions);
  }
  times.sort((a, b) => a - b);
  return { samples: times, clock };
}

/** The middle sample (the mean of the middle two), of a sorted list. */
export function median(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

interface Timestamps extends Disposable {
  readonly writes: GPUComputePassTimestampWrites;
  /** Milliseconds between the start and the end of the last pass. */
  read(): Promise<number>;
}

function createTimestamps(device: Device): Timestamps {
  const { raw } = device;
  const querySet = raw.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = raw.createBuffer({ size: 16, usage: 0x200 | 0x4 }); // QUERY_RESOLVE | COPY_SRC
  const staging = raw.createBuffer({ size: 16, usage: 0x8 | 0x1 }); // COPY_DST | MAP_READ
  return {
    writes: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    read: async () => {
      const encoder = raw.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
      raw.queue.submit([encoder.finish()]);
      await device.wait(staging.mapAsync(1));
      const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange());
      staging.unmap();
      return Number(end - begin) / 1e6;
    },
    [DISPOSE]: () => {
      querySet.destroy();
      resolved.destroy();
      staging.destroy();
    },
  };
}
