import type { ImageSource } from '../src/data/images.js';
import type { Device } from '../src/gpu/device.js';
import { type ContestEvent, holdContest } from './contest.js';
import { kernelBenchmarks } from './kernels.js';
import { type MeasuredLimits, measureLimits } from './limits.js';
import { type BenchRequest, type Contest, planContests } from './plan.js';
import type { BenchReport, BenchResult } from './report.js';
import { workloads } from './workloads.js';

export interface BenchInput {
  readonly request: BenchRequest;
  /** Needed where `needsSource` says so. */
  readonly source: ImageSource | undefined;
}

export type BenchEvent =
  | ({ readonly type: 'limits' } & Omit<MeasuredLimits, 'pulse'>)
  | ContestEvent
  /** Right after this work, the adapter did only (or even) this share of its multiply-add limit. */
  | { readonly type: 'disturbed'; readonly work: string; readonly share: number };

/** What the job knows; who called it adds the host and its versions. */
export type BenchOutput = Pick<BenchReport, 'adapter' | 'limits' | 'results'> & {
  /** Chrome's version where this ran in a page. */
  readonly browser: string | undefined;
};

/** Seconds a kernel that measures a limit. */
const LIMIT_SECONDS = 0.2;
const QUICK_EFFORT = 1 / 3;

/** A multiply-add rate further off than this was not the same machine. */
const DISTURBED = 0.15;

const kernelNames: readonly string[] = kernelBenchmarks.map(({ name }) => name);

/** The names that `--kernel` takes, and `--work`: the matrix products are both. */
export const BENCH_NAMES = {
  kernels: kernelNames,
  works: [...workloads.map(({ name }) => name), 'matmul', 'gram-rows'],
} as const;

/** What `npm run bench` runs without a name: two whole tasks and every kernel. */
const STANDARD: readonly string[] = ['sgd-step', 'selection', ...kernelNames];

/** @throws bad-config when the request names what is not there. */
export function contestsOf(request: BenchRequest): readonly Contest[] {
  return planContests([...workloads, ...kernelBenchmarks], STANDARD, request);
}

/** Whether the request takes images. */
export function needsSource(request: BenchRequest): boolean {
  return contestsOf(request).some(({ benchmark }) => benchmark.needsSource);
}

/**
 * Measures the adapter's limits, then holds the contests one after another.
 *
 * @throws bad-config when the request names what is not there; aborted between samples.
 */
export async function* bench(
  device: Device,
  { request, source }: BenchInput,
  signal?: AbortSignal,
): AsyncGenerator<BenchEvent, BenchOutput> {
  const contests = contestsOf(request);
  const effort = request.quick ? QUICK_EFFORT : 1;
  const { limits, clock, pulse } = await measureLimits(device, LIMIT_SECONDS * effort, signal);
  yield { type: 'limits', limits, clock };
  const results: BenchResult[] = [];
  const refused = new Set<string>();
  for (const contest of contests) {
    // A kernel that was wrong once is timed no further.
    if (refused.has(contest.benchmark.name)) continue;
    for await (const event of holdContest(device, contest, { limits, source, effort, signal })) {
      if (event.type === 'measured' || event.type === 'refused') results.push(event.result);
      if (event.type === 'refused') refused.add(event.result.work);
      yield event;
    }
    const share = await pulse();
    if (Math.abs(share - 1) > DISTURBED) {
      yield { type: 'disturbed', work: contest.benchmark.name, share };
    }
  }
  return { adapter: device.adapter, limits, results, browser: browserVersion() };
}

/** Chrome's version where this runs in its page. */
export function browserVersion(): string | undefined {
  // Node 20 has no navigator; later ones have one that names no Chrome.
  const { navigator } = globalThis as { navigator?: Navigator };
  return /Chrome\/([\d.]+)/.exec(navigator?.userAgent ?? '')?.[1];
}
