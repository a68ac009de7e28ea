import type { Commands } from '../src/gpu/commands.js';
import { type Device, UNIFORM_SLOTS } from '../src/gpu/device.js';
import { type Timing, timeGpu } from '../src/gpu/timing.js';

/**
 * Milliseconds of a sample by the wall clock. Starting and ending one takes 0.5 ms in Node: a
 * hundredth.
 */
const SAMPLE_MILLIS = 50;
/** The same where there is less time: a thirtieth. */
const SHORT_SAMPLE_MILLIS = 15;
/** The same by GPU timestamps. They cost nothing at the ends; this averages over their steps. */
const GPU_SAMPLE_MILLIS = 2;
/**
 * The fewest samples: of calls so many that their interval means something, of runs, which may take
 * minutes, fewer.
 */
const LEAST_CALLS = 6;
const LEAST_RUNS = 3;
const MOST_SAMPLES = 25;

/**
 * Times a kernel: calls are repeated in one pass until a sample is long enough for the clock, and
 * samples are taken for about `seconds`, six at least.
 */
export async function timeCalls(
  device: Device,
  encode: (commands: Commands) => void,
  seconds: number,
  preferred?: Timing['clock'],
): Promise<Timing> {
  const fitting = Math.max((1000 * seconds) / LEAST_CALLS, SHORT_SAMPLE_MILLIS);
  const wallMillis = Math.min(fitting, SAMPLE_MILLIS);
  let repetitions = 1;
  for (;;) {
    const { samples, clock } = await timeGpu(device, encode, {
      samples: 1,
      repetitions,
      clock: preferred,
    });
    const millis = (samples[0] as number) * repetitions;
    const enough = clock === 'gpu' ? GPU_SAMPLE_MILLIS : wallMillis;
    if (millis >= enough || repetitions === UNIFORM_SLOTS) {
      return timeGpu(device, encode, {
        samples: samplesWithin(seconds, millis),
        repetitions,
        clock: preferred,
      });
    }
    repetitions = Math.min(UNIFORM_SLOTS, moreThan(repetitions, millis, enough));
  }
}

/**
 * A single call is mostly start and end of its measurement: so the number grows in bounded steps.
 */
function moreThan(times: number, millis: number, enough: number): number {
  return Math.ceil(times * Math.min(Math.max((1.2 * enough) / millis, 2), 16));
}

/** More calls than any work needs for a sample. */
const MOST_REPETITIONS = 2 ** 14;

/** Repeats a run more and more often until that lasts `enough`; gives how often, and how long. */
export async function repeatedFor(
  enough: number,
  run: (times: number) => Promise<unknown>,
): Promise<{ readonly times: number; readonly millis: number }> {
  for (let times = 1; ; ) {
    const start = performance.now();
    await run(times);
    const millis = performance.now() - start;
    if (millis >= enough || times === MOST_REPETITIONS) return { times, millis };
    times = Math.min(moreThan(times, millis, enough), MOST_REPETITIONS);
  }
}

function samplesWithin(seconds: number, millis: number): number {
  const fitting = Math.round((1000 * seconds) / millis);
  return Math.min(Math.max(fitting, LEAST_CALLS), MOST_SAMPLES);
}

/**
 * Times a peer's runs by the wall clock, the end of its queue included: repeated until a sample is
 * long enough for the clock, for about `seconds`. One sample is enough where it takes longer.
 */
export async function timeRepeated(
  run: (times: number) => Promise<void>,
  seconds: number,
): Promise<Timing> {
  const { times, millis } = await repeatedFor(SAMPLE_MILLIS, run);
  if (times === 1) {
    const { samples } = await timeRuns(() => run(1), seconds - millis / 1000, 0);
    return byWall([millis, ...samples]);
  }
  const { samples } = await timeRuns(() => run(times), seconds, 1);
  return byWall(samples.map((millis) => millis / times));
}

/**
 * Times whole runs by the wall clock, as their user waits for them, for about `seconds`. The
 * verified run before was the warm-up.
 */
export async function timeRuns(
  run: () => Promise<unknown>,
  seconds: number,
  least = LEAST_RUNS,
): Promise<Timing> {
  const samples: number[] = [];
  const begin = performance.now();
  while (samples.length < least || performance.now() - begin < 1000 * seconds) {
    const start = performance.now();
    await run();
    samples.push(performance.now() - start);
    if (samples.length === MOST_SAMPLES) break;
  }
  return byWall(samples);
}

/** Samples that the wall clock took. */
export function byWall(samples: readonly number[]): Timing {
  return { samples: [...samples].sort((a, b) => a - b), clock: 'wall' };
}
