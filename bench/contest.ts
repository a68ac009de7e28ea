import type { ImageSource } from '../src/data/images.js';
import { DISPOSE } from '../src/disposal.js';
import { EspalierError, errorMessage, throwIfAborted } from '../src/errors.js';
import type { Device } from '../src/gpu/device.js';
import type { Timing } from '../src/gpu/timing.js';
import { type Contender, type ContestContext, shapeLabel } from './benchmark.js';
import type { AdapterLimits, MeasuredLimits } from './limits.js';
import { NotWaitedFor, type Peer } from './peers/peer.js';
import type { Contest } from './plan.js';
import type { BenchEntry, MeasuredResult, RefusedResult } from './report.js';
import { medianInterval } from './statistics.js';

export type ContestEvent =
  /** A peer's first run begins, which may take minutes. */
  | { readonly type: 'awaited'; readonly entry: BenchEntry }
  | { readonly type: 'verified'; readonly entry: BenchEntry; readonly what: string }
  | { readonly type: 'refused'; readonly result: RefusedResult; readonly reason: string }
  /** The adapter cannot do it, or a peer fails at it or would take too long. */
  | { readonly type: 'skipped'; readonly entry: BenchEntry; readonly reason: string }
  | { readonly type: 'measured'; readonly result: MeasuredResult };

export interface ContestOptions {
  readonly limits: AdapterLimits;
  /** Brings the adapter to its full speed before anything is timed. */
  readonly wake: MeasuredLimits['wake'];
  readonly source: ImageSource | undefined;
  /** Share of the benchmark's seconds. */
  readonly effort: number;
  readonly signal?: AbortSignal | undefined;
  /** Who competes beside this library. */
  readonly peers?: readonly Peer[];
}

/** Turns in which contenders alternate, so that a slow minute of the machine hits all of them. */
const TURNS = 3;

/**
 * Verifies every contender and then times them in turns. When one of this library's fails, none is
 * timed; a peer that fails is left out.
 *
 * @throws what the device reports, and aborted between samples.
 */
export async function* holdContest(
  device: Device,
  contest: Contest,
  { limits, wake, source, effort, signal, peers = [] }: ContestOptions,
): AsyncGenerator<ContestEvent> {
  const { benchmark, case: each, forced } = contest;
  const entries = variantsInOrder(contest, device).map((variant) => contestEntry(contest, variant));
  if (each.hardwareOnly && !forced && device.adapter.kind === 'software') {
    const reason = `takes minutes on a software adapter; --shape ${shapeLabel(each.shape)} runs it`;
    for (const entry of entries) yield { type: 'skipped', entry, reason };
    return;
  }
  const owned: Disposable[] = [];
  const own = <T extends Disposable>(resource: T): T => {
    owned.push(resource);
    return resource;
  };
  const clock = each.rival && peers.length > 0 ? ('wall' as const) : undefined;
  const common = { device, source, signal, own, clock, share: sharing() };
  const { operationsPerSubmit } = device;
  try {
    const ready: Ready[] = [];
    let wrong = false;
    for (const entry of entries) {
      const contend = () => each.contend({ ...common, variant: entry.variant });
      const outcome = yield* admit({ entry, contend, excuse: inability }, signal);
      wrong ||= outcome === 'wrong';
      if (typeof outcome === 'object') ready.push(outcome);
    }
    if (wrong) return;
    for (const { entry, rival } of contestRivals(contest, peers)) {
      if (!rival) {
        // That a form is missing is told only where it was asked for.
        const reason = `it has no ${entry.variant} form`;
        if (!contest.forms.includes('fastest')) yield { type: 'skipped', entry, reason };
        continue;
      }
      yield { type: 'awaited', entry };
      const contend = () => rival({ ...common, variant: entry.variant });
      const outcome = yield* admit({ entry, contend, excuse: failure }, signal);
      if (typeof outcome === 'object') ready.push(outcome);
    }
    if (ready.length > 0) await wake();
    const timed = yield* timeInTurns(ready, benchmark.seconds * effort, signal);
    for (const one of timed) yield { type: 'measured', result: measuredResult(one, limits) };
  } finally {
    for (const resource of owned.reverse()) resource[DISPOSE]();
    // What a submit holds was tuned to this work; the next begins as it would on its own.
    device.operationsPerSubmit = operationsPerSubmit;
  }
}

function contestEntry(
  { benchmark, case: { shape } }: Contest,
  variant: string,
  subject: BenchEntry['subject'] = 'espalier',
): BenchEntry {
  return { work: benchmark.name, shape, subject, variant };
}

/** Every peer in every form, with what makes a contender of it, where it has that form. */
function contestRivals(contest: Contest, peers: readonly Peer[]) {
  return peers.flatMap((peer) =>
    contest.forms.map((form) => ({
      entry: contestEntry(contest, form, peer.subject),
      rival: contest.case.rival?.(peer, form),
    })),
  );
}

interface Entrant {
  readonly entry: BenchEntry;
  readonly contend: () => Promise<Contender>;
  /** Why it is left out, by its error; an error that is no such reason is thrown again. */
  readonly excuse: (error: unknown) => string;
}

/** Prepares a contender and checks its answer. */
async function* admit(
  { entry, contend, excuse }: Entrant,
  signal: AbortSignal | undefined,
): AsyncGenerator<ContestEvent, Ready | 'skipped' | 'wrong'> {
  throwIfAborted(signal);
  const contender = await contend().catch(excuse);
  if (typeof contender === 'string') {
    yield { type: 'skipped', entry, reason: contender };
    return 'skipped';
  }
  const { right, what } = await judge(contender);
  if (!right) {
    yield { type: 'refused', result: { ...entry, ...REFUSED }, reason: what };
    return 'wrong';
  }
  yield { type: 'verified', entry, what };
  return { entry, contender, samples: [], clock: undefined };
}

/**
 * Fills the samples of all, for so many seconds each.
 *
 * @returns those that ran to the end: a peer may fail on its way.
 */
async function* timeInTurns(
  ready: readonly Ready[],
  seconds: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ContestEvent, readonly Ready[]> {
  const running = new Set(ready);
  const turns = ready.length > 1 ? TURNS : 1;
  for (let turn = 0; turn < turns; turn++) {
    for (const one of running) {
      throwIfAborted(signal);
      const { entry, contender } = one;
      const timing = contender.time(seconds / turns);
      const taken = await (entry.subject === 'espalier' ? timing : timing.catch(failure));
      if (typeof taken === 'string') {
        running.delete(one);
        yield { type: 'skipped', entry, reason: taken };
        continue;
      }
      one.samples.push(...taken.samples);
      one.clock = taken.clock;
    }
  }
  return [...running];
}

/** The library's own choice first: the others, and the peers, are compared with it. */
function variantsInOrder({ benchmark, variants }: Contest, device: Device): readonly string[] {
  const preferred = benchmark.preferred(device);
  if (!variants?.includes(preferred)) return variants ?? [preferred];
  return [preferred, ...variants.filter((variant) => variant !== preferred)];
}

/** What all contenders of a contest work on. */
function sharing(): ContestContext['share'] {
  let shared: Promise<unknown> | undefined;
  return <T>(prepare: () => Promise<T>) => {
    shared ??= prepare();
    return shared as Promise<T>;
  };
}

interface Ready {
  readonly entry: BenchEntry;
  readonly contender: Contender;
  readonly samples: number[];
  /** Known once it was timed. */
  clock: Timing['clock'] | undefined;
}

const REFUSED = {
  verified: false,
  medianMs: null,
  lowMs: null,
  highMs: null,
  gflops: null,
  gbps: null,
  shareOfLimit: null,
} as const;

/** Why the adapter cannot run a variant or hold a shape. Any other error is thrown again. */
function inability(error: unknown): string {
  const unable =
    error instanceof EspalierError &&
    (error.code === 'bad-config' || error.code === 'limit-exceeded');
  if (unable) return error.message;
  throw error;
}

/** Why a peer fails, or would take too long. An error of this library is thrown again. */
function failure(error: unknown): string {
  if (error instanceof EspalierError) throw error;
  if (error instanceof NotWaitedFor) return error.message;
  return `it fails: ${errorMessage(error)}`;
}

interface Verdict {
  readonly right: boolean;
  readonly what: string;
}

/** A wrong answer is a verdict; what the device reports is an error. */
async function judge(contender: Contender): Promise<Verdict> {
  try {
    return { right: true, what: await contender.verify() };
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    return { right: false, what: errorMessage(error) };
  }
}

function measuredResult(
  { entry, contender, samples, clock }: Ready,
  limits: AdapterLimits,
): MeasuredResult {
  const { median, low, high } = medianInterval(samples);
  const { operations, bytes, exponentials } = contender.cost();
  const [gflops, gbps] = [operations / median / 1e6, bytes / median / 1e6];
  return {
    ...entry,
    verified: true,
    samples: samples.length,
    clock,
    medianMs: median,
    lowMs: low,
    highMs: high,
    gflops,
    gbps,
    shareOfLimit: Math.max(gflops / limits.fmaGflops, gbps / limits.copyGBps),
    ...(exponentials !== undefined && { gexps: exponentials / median / 1e6 }),
  };
}
