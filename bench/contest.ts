import type { ImageSource } from '../src/data/images.js';
import { EspalierError, throwIfAborted } from '../src/errors.js';
import type { Device } from '../src/gpu/device.js';
import { type Contender, shapeLabel } from './benchmark.js';
import type { AdapterLimits } from './limits.js';
import type { Contest } from './plan.js';
import type { BenchEntry, MeasuredResult, RefusedResult } from './report.js';
import { medianInterval } from './statistics.js';

export type ContestEvent =
  | { readonly type: 'verified'; readonly entry: BenchEntry; readonly what: string }
  | { readonly type: 'refused'; readonly result: RefusedResult; readonly reason: string }
  /** The adapter cannot do it. */
  | { readonly type: 'skipped'; readonly entry: BenchEntry; readonly reason: string }
  | { readonly type: 'measured'; readonly result: MeasuredResult };

export interface ContestOptions {
  readonly limits: AdapterLimits;
  readonly source: ImageSource | undefined;
  /** Share of the benchmark's seconds. */
  readonly effort: number;
  readonly signal?: AbortSignal | undefined;
}

/** Turns in which contenders alternate, so that a slow minute of the machine hits all of them. */
const TURNS = 3;

/**
 * Verifies every contender and then times them in turns. When one fails, none is timed.
 *
 * @throws what the device reports, and aborted between samples.
 */
export async function* holdContest(
  device: Device,
  contest: Contest,
  options: ContestOptions,
): AsyncGenerator<ContestEvent> {
  const { benchmark, case: each, forced } = contest;
  const entries = (contest.variants ?? [benchmark.preferred(device)]).map(
    (variant): BenchEntry => ({
      work: benchmark.name,
      shape: each.shape,
      subject: 'espalier',
      variant,
    }),
  );
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
  const { operationsPerSubmit } = device;
  try {
    const ready: Ready[] = [];
    let refused = false;
    for (const entry of entries) {
      const { source, signal } = options;
      throwIfAborted(signal);
      const context = { device, variant: entry.variant, source, signal, own };
      const contender = await each.contend(context).catch(inability);
      if (typeof contender === 'string') {
        yield { type: 'skipped', entry, reason: contender };
        continue;
      }
      const verdict = await judge(contender);
      if (verdict.right) {
        ready.push({ entry, contender, samples: [] });
        yield { type: 'verified', entry, what: verdict.what };
      } else {
        refused = true;
        yield { type: 'refused', result: { ...entry, ...REFUSED }, reason: verdict.what };
      }
    }
    if (refused) return;
    const turns = ready.length > 1 ? TURNS : 1;
    const seconds = (benchmark.seconds * options.effort) / turns;
    for (let turn = 0; turn < turns; turn++) {
      for (const { contender, samples } of ready) {
        throwIfAborted(options.signal);
        samples.push(...(await contender.time(seconds)));
      }
    }
    for (const each of ready) yield { type: 'measured', result: resultOf(each, options.limits) };
  } finally {
    for (const resource of owned.reverse()) resource[Symbol.dispose]();
    // What a submit holds was tuned to this work; the next begins as it would on its own.
    device.operationsPerSubmit = operationsPerSubmit;
  }
}

interface Ready {
  readonly entry: BenchEntry;
  readonly contender: Contender;
  readonly samples: number[];
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

/** The reason when the adapter cannot run a variant or hold a shape; any other error stays one. */
function inability(error: unknown): string {
  const unable =
    error instanceof EspalierError &&
    (error.code === 'bad-config' || error.code === 'limit-exceeded');
  if (unable) return error.message;
  throw error;
}

/** A wrong answer is a verdict; what the device reports is an error. */
async function judge(contender: Contender): Promise<{ readonly right: boolean; what: string }> {
  try {
    return { right: true, what: await contender.verify() };
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    return { right: false, what: error instanceof Error ? error.message : String(error) };
  }
}

function resultOf({ entry, contender, samples }: Ready, limits: AdapterLimits): MeasuredResult {
  const { median, low, high } = medianInterval(samples);
  const { operations, bytes } = contender.cost();
  const [gflops, gbps] = [operations / median / 1e6, bytes / median / 1e6];
  return {
    ...entry,
    verified: true,
    medianMs: median,
    lowMs: low,
    highMs: high,
    gflops,
    gbps,
    shareOfLimit: Math.max(gflops / limits.fmaGflops, gbps / limits.copyGBps),
  };
}
