import type { ImageSource } from '../src/data/images.js';
import type { Device } from '../src/gpu/device.js';
import type { Benchmark, Shape } from './benchmark.js';
import { type ContestEvent, holdContest } from './contest.js';
import { kernelBenchmarks } from './kernels.js';
import { type MeasuredLimits, measureLimits } from './limits.js';
import type { Peer } from './peers/peer.js';
import { type BenchRequest, type Contest, invitesPeers, planContests, takesPart } from './plan.js';
import type { BenchReport } from './report.js';
import { hidden } from './workloads/hidden.js';
import { networkLoss } from './workloads/network-loss.js';
import { prune } from './workloads/prune.js';
import { resnetForward, resnetStep } from './workloads/resnet.js';
import { wholeRun } from './workloads/run.js';
import { crossEntropySelection, selection } from './workloads/selection.js';
import { selectionScaling } from './workloads/selection-scaling.js';
import { gdStep, sgdStep } from './workloads/training-step.js';

export interface BenchInput {
  readonly request: BenchRequest;
  /** Needed where `needsSource` says so. */
  readonly source: ImageSource | undefined;
}

export type BenchEvent =
  /** The adapter's limits are measured, and the contests begin. */
  | ({ readonly type: 'started' } & Circumstances & Omit<MeasuredLimits, 'pulse' | 'wake'>)
  /** The next contest begins, after so many of them all. */
  | {
      readonly type: 'contest';
      readonly work: string;
      readonly shape: Shape;
      readonly done: number;
      readonly total: number;
    }
  | ContestEvent
  /** Right after this work, the adapter did only (or even) this share of its multiply-add limit. */
  | { readonly type: 'disturbed'; readonly work: string; readonly share: number };

/** Where it is measured, as far as the job knows. Its caller adds the host and its versions. */
export interface Circumstances {
  readonly adapter: BenchReport['adapter'];
  /** Chrome's version where this runs in a page. */
  readonly browser: string | undefined;
  /** Who may take part beside this library. */
  readonly peers: readonly Pick<Peer, 'subject' | 'package'>[];
}

/** Seconds a kernel that measures a limit. */
const LIMIT_SECONDS = 0.2;
const QUICK_EFFORT = 1 / 3;

/**
 * Where the multiply-add rate is further from the limit than this, something else was using the
 * machine.
 */
const DISTURBED = 0.15;

/** What a user waits for, through the same functions that a user calls. */
const workloads: readonly Benchmark[] = [
  sgdStep,
  gdStep,
  hidden,
  selection,
  crossEntropySelection,
  selectionScaling,
  wholeRun,
  resnetForward,
  resnetStep,
  prune,
  networkLoss,
];

const kernelNames: readonly string[] = kernelBenchmarks.map(({ name }) => name);

/** The names that `--kernel` takes, and `--work`: the matrix products are both. */
export const BENCH_NAMES = {
  kernels: kernelNames,
  works: [...workloads.map(({ name }) => name), 'matmul', 'gram-rows'],
} as const;

/** What `npm run bench` runs without a name: two whole tasks and every kernel. */
const STANDARD: readonly string[] = ['sgd-step', 'selection', ...kernelNames];

/** @throws bad-config when the request names what is not there. */
export function requestedContests(request: BenchRequest): readonly Contest[] {
  return planContests([...workloads, ...kernelBenchmarks], STANDARD, request);
}

/** Whether peers can take part in what the request asks for. */
export function wantsPeers(request: BenchRequest): boolean {
  return (
    invitesPeers(request) &&
    requestedContests(request).some(({ case: each }) => each.rival !== undefined)
  );
}

/** Whether the request takes images. */
export function needsSource(request: BenchRequest): boolean {
  return requestedContests(request).some(({ benchmark }) => benchmark.needsSource);
}

export interface BenchOptions {
  /** Those that are there; the request says which of them take part. */
  readonly peers?: readonly Peer[];
  readonly signal?: AbortSignal;
}

/**
 * Measures the adapter's limits, then holds the contests one after another.
 *
 * @throws bad-config when the request names what is not there; aborted between samples.
 */
export async function* bench(
  device: Device,
  { request, source }: BenchInput,
  { peers = [], signal }: BenchOptions = {},
): AsyncGenerator<BenchEvent, void> {
  const contests = requestedContests(request);
  const effort = request.quick ? QUICK_EFFORT : 1;
  const { limits, clock, pulse, wake } = await measureLimits(
    device,
    LIMIT_SECONDS * effort,
    signal,
  );
  const invited = peers.filter(({ subject }) => takesPart(request, subject));
  yield {
    type: 'started',
    adapter: device.adapter,
    browser: browserVersion(),
    peers: invited.map(({ subject, package: name }) => ({ subject, package: name })),
    limits,
    clock,
  };
  const refused = new Set<string>();
  const common = { limits, wake, source, effort, signal, peers: invited };
  for (const [done, contest] of contests.entries()) {
    const { name: work } = contest.benchmark;
    // A kernel that was wrong once is timed no further.
    if (refused.has(work)) continue;
    yield { type: 'contest', work, shape: contest.case.shape, done, total: contests.length };
    for await (const event of holdContest(device, contest, common)) {
      if (event.type === 'refused' && event.result.subject === 'espalier') {
        refused.add(event.result.work);
      }
      yield event;
    }
    const share = await pulse();
    if (Math.abs(share - 1) > DISTURBED) {
      yield { type: 'disturbed', work, share };
    }
  }
}

/** Chrome's version where this runs in its page. */
export function browserVersion(): string | undefined {
  // Node 20 has no navigator; later ones have one that names no Chrome.
  const { navigator } = globalThis as { navigator?: Navigator };
  return /Chrome\/([\d.]+)/.exec(navigator?.userAgent ?? '')?.[1];
}
