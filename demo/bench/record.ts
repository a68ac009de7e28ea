import { type BenchEvent, browserVersion, requestedContests } from '../../bench/bench.js';
import type { Shape } from '../../bench/benchmark.js';
import type { BenchRequest } from '../../bench/plan.js';
import { type BenchReport, type MeasuredResult, parseReport } from '../../bench/report.js';
import { version } from '../../package.json';
import { browserName } from '../model/browser.js';

/** What a benchmark has found: the command line's report, and why some work has no figures. */
export interface BenchRecord {
  readonly report: BenchReport;
  readonly troubles: Readonly<Record<string, string>>;
}

/** A line of the table: a work at one shape, with its figures or the reason why it has none. */
export interface Row {
  readonly work: string;
  readonly shape: Shape;
  readonly result?: MeasuredResult;
  readonly trouble?: string;
}

export function emptyRecord(
  { adapter, limits }: Extract<BenchEvent, { type: 'started' }>,
  date: string,
): BenchRecord {
  const chrome = browserVersion();
  return {
    report: {
      date,
      adapter,
      host: 'browser',
      versions: { espalier: version, ...(chrome ? { chrome } : { browser: browserName() }) },
      limits,
      wallStepMicros: wallStepMicros(),
      disturbed: [],
      results: [],
    },
    troubles: {},
  };
}

/** The record with what an event tells. */
export function recordWith({ report, troubles }: BenchRecord, event: BenchEvent): BenchRecord {
  const trouble = (work: string, why: string) => ({ ...troubles, [work]: why });
  switch (event.type) {
    case 'measured':
      return { report: { ...report, results: [...report.results, event.result] }, troubles };
    case 'refused':
      return {
        report: { ...report, results: [...report.results, event.result] },
        troubles: trouble(event.result.work, `wrong, so not timed: ${event.reason}`),
      };
    case 'skipped':
      return { report, troubles: trouble(event.entry.work, `cannot run here: ${event.reason}`) };
    case 'disturbed': {
      const { work, share } = event;
      const disturbed = [...(report.disturbed ?? []), { work, share }];
      return { report: { ...report, disturbed }, troubles };
    }
    default:
      return { report, troubles };
  }
}

/** The lines of a request, filled in as far as the record goes. */
export function benchRows(request: BenchRequest, record: BenchRecord | undefined): readonly Row[] {
  return requestedContests(request).map(({ benchmark, case: { shape } }) => {
    const { name: work } = benchmark;
    const result = record?.report.results.find((each) => each.work === work);
    const trouble = record?.troubles[work];
    return {
      work,
      shape,
      ...(result?.verified && { result }),
      ...(trouble !== undefined && { trouble }),
    };
  });
}

const KEY = 'espalier.bench';

/** Keeps the record over a reload. Returns whether the browser keeps anything. */
export function keepRecord(record: BenchRecord): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(record));
    return true;
  } catch {
    return false;
  }
}

/** The kept record; undefined where there is none, or one that this version cannot read. */
export function keptRecord(): BenchRecord | undefined {
  try {
    const { report, troubles } = JSON.parse(localStorage.getItem(KEY) ?? '') as BenchRecord;
    const told = Object.entries(troubles).map(([work, why]) => [work, String(why)] as const);
    return {
      report: parseReport(JSON.stringify(report), 'What this browser has kept'),
      troubles: Object.fromEntries(told),
    };
  } catch {
    return undefined;
  }
}

export function forgetRecord(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

const STEPS = 20;

/** The finest step that the wall clock makes here: browsers make it coarse in their own ways. */
function wallStepMicros(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < STEPS; step++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return 1000 * least;
}
